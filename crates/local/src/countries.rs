use crate::Function;

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[];
