//! Kafka's programs, from Maven Central: the version stands in `kafka-pom.xml`. They stay in a cache
//! beside the stack's folder, which wiping the stack's data does not touch.

use super::Stack;
use super::install::on_path;
use super::process::run;
use super::wait::spin;
use anyhow::Context;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What Maven is told to get.
const POM: &str = include_str!("kafka-pom.xml");

/// Kafka's version, which also names its folder in the cache. Guarded by a test.
const VERSION: &str = "4.4.0";

/// The plugin that copies, by its own version: without one Maven looks for the newest.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies";

/// Whether the programs are there already.
pub(crate) fn is_cached(stack: &Stack) -> bool {
    folder(stack).join("libs").exists()
}

/// The folder of the programs, got where they are missing: 44 MB, once.
pub(crate) fn kafka(stack: &Stack) -> anyhow::Result<PathBuf> {
    let folder = folder(stack);
    let libs = folder.join("libs");
    if libs.exists() {
        return Ok(libs);
    }
    // What an interrupted run left is not taken for the whole.
    let partial = folder.join("libs.partial");
    super::remove(&partial)?;
    super::make(&partial)?;
    let pom = folder.join("pom.xml");
    fs::write(&pom, POM)?;
    let mut command = Command::new(on_path("mvn").context("Maven is not installed")?);
    command
        .args(["-q", "-B", "-Dstyle.color=never", "-f"])
        .arg(&pom)
        .arg(COPY);
    command.arg(format!("-DoutputDirectory={}", partial.display()));
    let log = stack.folder.join("maven.log");
    spin("Kafka: getting it from Maven Central", || {
        run(&mut command, &log)
    })?;
    fs::rename(&partial, &libs)?;
    Ok(libs)
}

fn folder(stack: &Stack) -> PathBuf {
    stack.cache.join(format!("kafka-{VERSION}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_in_the_cache_is_the_one_that_maven_gets() {
        let kafka = format!("<artifactId>kafka_2.13</artifactId><version>{VERSION}</version>");
        assert!(POM.contains(&kafka));
        let compose = crate::tree::root().join("deploy").join("compose.yaml");
        let compose = fs::read_to_string(compose).unwrap();
        assert!(compose.contains(&format!("apache/kafka:{VERSION}\n")));
    }
}
