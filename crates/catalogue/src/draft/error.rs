//! Why a draft cannot be made, said so that its author can mend it. No message ever quotes a credential.

/// Why no draft was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// A category, provider or operation with a name that cannot be one.
    #[error("`{0}` is no name: write lower-case letters, digits and hyphens")]
    Name(String),
    /// The provider is there already.
    #[error(
        "the category `{category}` has a provider `{provider}` already: take another name, or change single keys of it with `patch = true`"
    )]
    ProviderExists {
        /// Where it is.
        category: String,
        /// Its id.
        provider: String,
    },
    /// The category is there, the operation is not.
    #[error(
        "the category `{category}` has no operation `{operation}`, only {known}{hint}; a new operation needs a category of your own"
    )]
    UnknownOperation {
        /// The category.
        category: String,
        /// What was asked for.
        operation: String,
        /// What there is.
        known: String,
        /// The nearest name.
        hint: String,
    },
    /// A shell would not read the command as it is meant.
    #[error("the command cannot be read as a shell would read it: {0}")]
    Shell(String),
    /// The command is none of curl.
    #[error("this is no curl command: it begins with `curl` and names one URL")]
    NotCurl,
    /// A flag that a draft knows nothing of.
    #[error("curl's flag `{0}` is not known here: take it out if the call works without it")]
    UnknownFlag(String),
    /// A flag that a provider file cannot follow.
    #[error("curl's flag `{flag}` cannot be kept: {reason}")]
    RefusedFlag {
        /// The flag.
        flag: String,
        /// Why, and what would be right.
        reason: &'static str,
    },
    /// A flag without what must follow it.
    #[error("curl's flag `{0}` is the last word, but a value must follow it")]
    MissingValue(String),
    /// The URL is wrong or not one that a provider can have.
    #[error("the URL cannot be used: {0}")]
    Url(String),
    /// A method that providers are not called with.
    #[error("a provider is called with GET or POST, not with {0}")]
    Method(String),
    /// A header that a provider file cannot hold.
    #[error("the header `{name}` cannot be kept: {reason}")]
    Header {
        /// Its name.
        name: String,
        /// Why, and what would be right.
        reason: &'static str,
    },
    /// A body that a provider file cannot hold.
    #[error("the body cannot be kept: {0}")]
    Body(String),
    /// The recorded answer is not usable.
    #[error("the answer cannot be used as a sample: {0}")]
    Answer(&'static str),
    /// A credential would have been written down.
    #[error(
        "the credential also stands where it was not recognized as one, so that a draft would show it: replace it there, and draft again"
    )]
    Exposed,
    /// The document is not JSON.
    #[error(
        "the OpenAPI document is no JSON ({0}). From YAML, convert it first: `yq -o=json . openapi.yaml > openapi.json`, or `python3 -c 'import sys, yaml, json; json.dump(yaml.safe_load(sys.stdin), sys.stdout, default=str)' < openapi.yaml > openapi.json`"
    )]
    NotJson(String),
    /// The document is not OpenAPI 3.
    #[error("the document is no OpenAPI 3.x: {0}")]
    NotOpenApi(String),
    /// The document has no such operation.
    #[error(
        "the document has no operation `{asked}`{hint}; name it by its operationId or as `GET /path`. It has: {known}"
    )]
    NoOperation {
        /// What was asked for.
        asked: String,
        /// The nearest name.
        hint: String,
        /// Those there are, at most a dozen.
        known: String,
    },
    /// A reference that leads nowhere, out of the document, or round in a circle.
    #[error("the reference `{0}` does not lead to anything within the document")]
    Reference(String),
    /// The path holds a parameter for which there is no value.
    #[error(
        "the path needs `{name}`, which no parameter of {operation} gives (it has {known}); draft into a category of your own"
    )]
    Unbound {
        /// The parameter in the path.
        name: String,
        /// The operation of the catalogue.
        operation: String,
        /// Its parameters.
        known: String,
    },
}
