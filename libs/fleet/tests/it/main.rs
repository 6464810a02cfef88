//! Leases, news and budget as their users see them: in process always, over Redis where
//! `TIDEGATE_TEST_REDIS` holds an address, and through its outages where `redis-server` is there.

#[cfg(test)]
mod budget;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod leases_between_processes;
#[cfg(test)]
mod news;
#[cfg(test)]
mod news_between_processes;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod stand;
