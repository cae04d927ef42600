//! `guichet serve`.

use crate::context::Context;
use crate::failure::Verdict;
use crate::server;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on (default: 127.0.0.1:8080)
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let listen = arguments
        .listen
        .map(|listen| ("listen", listen, "--listen"));
    let config = context.server_config(listen.into_iter().collect())?;
    server::run(config).await?;
    Ok(Verdict::Good)
}
