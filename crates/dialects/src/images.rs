//! Pictures on demand: the common form, and the providers with bodies of their own.

pub mod cloudflare;
pub mod together;

use crate::chat::{Extra, Media};

/// A request for pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImagesRequest {
    /// The model, as the caller names it; empty = it leaves the choice.
    pub model: String,
    /// What is to be seen.
    pub prompt: String,
    /// How many.
    pub count: Option<u64>,
    /// How large: `1024x1024`, `auto`.
    pub size: Option<String>,
    /// How the caller wants to get them; none = as the provider likes.
    pub delivery: Option<Delivery>,
    /// `standard`, `hd`, `low`, `high` …
    pub quality: Option<String>,
    /// The caller's name for its own user.
    pub user: Option<String>,
    /// What only the caller's dialect has.
    pub extra: Extra,
}

/// How a picture is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By its address.
    Url,
    /// In the answer, in base64.
    Base64,
}

/// Pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImagesAnswer {
    /// When, in seconds since 1970, where the provider says so.
    pub created: Option<i64>,
    /// The pictures, in order.
    pub images: Vec<Image>,
    /// What only the provider's dialect has (`usage`, `size` …).
    pub extra: Extra,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub media: Media,
    /// The prompt, as the provider rewrote it.
    pub revised_prompt: Option<String>,
}

impl ImagesRequest {
    /// Width and height in points, where the caller gives them.
    #[must_use]
    pub fn points(&self) -> Option<(u32, u32)> {
        let (width, height) = self.size.as_deref()?.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    }
}

/// The kind of picture that this base64 is; PNG if its first bytes do not tell.
pub(crate) fn media_type_of(base64: &str) -> &'static str {
    // The first bytes of each format in base64.
    const HEADS: [(&str, &str); 4] = [
        ("/9j/", "image/jpeg"),
        ("iVBORw", "image/png"),
        ("UklGR", "image/webp"),
        ("R0lGOD", "image/gif"),
    ];
    HEADS
        .iter()
        .find(|(head, _)| base64.starts_with(head))
        .map_or("image/png", |(_, media_type)| media_type)
}
