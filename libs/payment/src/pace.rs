//! Pacing. Being built.
