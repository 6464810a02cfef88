//! The projector over a real store: it follows, it says when it can't, and a rebuild agrees.

#[cfg(test)]
mod following;
