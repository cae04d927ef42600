//! Which failures mean that the server is away, rather than that a statement was wrong.

/// Whether there is no point in asking anything else right now: nobody listens, nobody answers, or the server says that
/// it is going, coming or full.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| code_of_absence(&code)),
        _ => false,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn code_of_absence(code: &str) -> bool {
    const TOO_MANY_CONNECTIONS: &str = "53300";
    // What a server says that has become a standby meanwhile.
    const READ_ONLY: &str = "25006";
    const CONNECTION: &str = "08";
    const SHUTDOWN_CRASH_OR_START: [&str; 3] = ["57P01", "57P02", "57P03"];
    code.starts_with(CONNECTION)
        || code == TOO_MANY_CONNECTIONS
        || code == READ_ONLY
        || SHUTDOWN_CRASH_OR_START.contains(&code)
}
