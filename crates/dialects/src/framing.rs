//! Where one event of a stream ends and the next begins: server-sent events, and JSON by lines.
