//! The Nano guide in one line: `trustdir up` in an empty directory, and the node serves by what it has written.

use std::fs;

use crate::demo::Step;
use crate::demo::pki::{self, CLIENTS};
use crate::demo::world::World;
use crate::demo::{node, refusals};

/// What is done, in this order.
pub(crate) const STEPS: &[Step] = &[
    ("trustdir up --for nano, in an empty directory", set_up),
    ("trustdir up again changes nothing", again),
    ("trustdir issues and installs client alice", pki::alice),
    ("the node starts from what was written", node::launch),
    ("curl as alice asks for the block count", pki::alice_asks),
    ("refused: no certificate", refusals::no_certificate),
    ("refused: alice, whose file has gone", removed),
    ("SIGTERM stops the node cleanly", node::stop),
];

const CONFIGURATION: &str = "config-rpc.toml";

fn set_up(world: &mut World<'_>) -> Result<String, String> {
    let said = world.trustdir(&["up", "--for", "nano", ".", "--ca", "ca", "--no-passphrase"])?;
    // Where to listen is the node's own affair; here it is wherever there is room.
    let written = fs::read_to_string(world.dir.join(CONFIGURATION)).map_err(|e| format!("{CONFIGURATION}: {e}"))?;
    let text = format!("address = \"127.0.0.1\"\nport = 0\n\n{written}");
    fs::write(world.dir.join(CONFIGURATION), text).map_err(|e| format!("{CONFIGURATION}: {e}"))?;
    let written = said.lines().filter_map(|line| line.strip_prefix("wrote ")).count();
    Ok(format!("{written} files"))
}

fn again(world: &mut World<'_>) -> Result<String, String> {
    let said = world.trustdir(&["up", "--for", "nano", ".", "--ca", "ca"])?;
    if said.contains("everything is as it should be") { Ok(String::new()) } else { Err(said) }
}

fn removed(world: &mut World<'_>) -> Result<String, String> {
    let entries = fs::read_dir(world.dir.join(CLIENTS)).map_err(|e| format!("{CLIENTS}: {e}"))?;
    for entry in entries.flatten() {
        fs::remove_file(entry.path()).map_err(|e| format!("{}: {e}", entry.path().display()))?;
    }
    refusals::refused(world, Some("alice"), "REMOVED")
}
