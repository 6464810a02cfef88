//! How many files the process may open, sockets among them. The soft limit is 1,024 on most systems,
//! for programs that `select`; ours do not, so it is raised to the hard one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one, and returns the limit that then holds.
pub fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return limit();
    }
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::info!(
            from = current,
            to = maximum,
            "the process may open more files: the soft limit was raised to the hard one"
        ),
        Err(error) => tracing::warn!(
            %error, files_max = current,
            "the soft limit of open files could not be raised to the hard one"
        ),
    }
    limit()
}

/// How many files the process may open.
pub fn limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_raised_the_soft_limit_is_the_hard_one() {
        let raised = raise();
        let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        assert_eq!((raised, limit()), (hard, hard));
    }
}
