//! Single members of a JSON object, changed without touching the bytes of the others.
