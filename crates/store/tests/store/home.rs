//! Where a database lives, and how one story becomes a test of each engine.

use guichet_servers::Postgres;
use guichet_store::Database;
use tempfile::TempDir;

/// A place for one database: opened again, it is the same one.
pub(crate) enum Home {
    File(TempDir),
    /// The address, and the folder of what stands in for the server.
    Server(String, TempDir),
}

impl Home {
    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub(crate) fn on(server: &Postgres) -> Self {
        Self::Server(server.database(), tempfile::tempdir().unwrap())
    }

    pub(crate) async fn open(&self) -> Database {
        match self {
            Self::File(folder) => Database::open(&folder.path().join("guichet.db")).await,
            Self::Server(url, folder) => {
                Database::connect(&url.parse().unwrap(), folder.path()).await
            }
        }
        .unwrap()
    }
}

/// Makes each story a test over a file, and gives them all to who has a server.
macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        $(
            mod $story {
                #[tokio::test]
                async fn over_a_file() {
                    super::$story(&crate::home::Home::file()).await;
                }
            }
        )*

        pub(crate) async fn over_a_server(server: &guichet_servers::Postgres) {
            $(
                eprintln!("{}", stringify!($story));
                $story(&crate::home::Home::on(server)).await;
            )*
        }
    };
}

pub(crate) use stories;
