//! `cargo xtask demo`: the main job, step by step, with real files, the real node, curl, openssl and Python.

use std::fmt::Write as _;
use std::time::Instant;

use crate::context::Context;
use crate::counts::Counts;
use crate::demo::world::World;
use crate::setup;
use crate::suites::Outcome;

mod client;
mod node;
mod pki;
mod refusals;
mod reload;
mod removal;
mod up;
mod world;

/// One step: what is done, and a function that does it and tells what happened, or what went wrong.
type Step = (&'static str, fn(&mut World<'_>) -> Result<String, String>);

const STEPS: &[Step] = &[
    ("trustdir makes the authority", pki::authority),
    ("trustdir issues the node's identity", pki::server),
    ("trustdir issues and installs client alice", pki::alice),
    ("openssl makes client rpcuser1, ln -s installs it", pki::rpcuser1),
    ("the node starts from config-rpc.toml", node::start),
    ("curl as alice asks for the block count", pki::alice_asks),
    ("Python as rpcuser1 asks for the block count", pki::rpcuser1_asks),
    ("refused: no certificate", refusals::no_certificate),
    ("refused: a stranger's self-signed certificate", refusals::stranger),
    ("refused: a stranger with its own root in the chain", refusals::stranger_with_root),
    ("refused: a certificate minted with rpcuser1's key", refusals::minted),
    ("refused: an installed certificate that has expired", refusals::expired),
    ("rpcuser1 and alice hold connections and tickets", removal::hold),
    ("rm of rpcuser1's link closes its open connections", removal::remove),
    ("refused: rpcuser1 resuming its session", removal::resumed),
    ("refused: rpcuser1 with a full handshake", removal::full),
    ("alice goes on over her open connections", removal::undisturbed),
    ("ln -s admits rpcuser1 again", removal::again),
    ("SIGHUP: new connections meet the renewed certificate", reload::renewed),
    ("SIGHUP: a key that is broken changes nothing", reload::broken),
    ("the node has been one process all along", node::same_process),
    ("SIGTERM stops the node cleanly", node::stop),
];

/// The command: sets up, runs every step, and fails with the first that does not go as it must.
pub(crate) fn run(context: &Context) -> Result<(), String> {
    setup::require(&context.workspace, setup::DEMO)?;
    let mut print = |line: &str| println!("{line}");
    let (_, failure) = play(context, "demo", STEPS, &mut print)?;
    failure.map_or(Ok(()), Err)
}

/// The suite: each step is a test.
pub(crate) fn suite(context: &Context) -> Result<Outcome, String> {
    tested(context, "demo", STEPS)
}

/// The suite of the Nano guide as `trustdir up` has it.
pub(crate) fn guide(context: &Context) -> Result<Outcome, String> {
    tested(context, "guide", up::STEPS)
}

fn tested(context: &Context, name: &str, steps: &[Step]) -> Result<Outcome, String> {
    let mut log = String::new();
    let (done, failure) = play(context, name, steps, &mut |line: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(log, "{line}");
    })?;
    let mut counts = Counts { passed: done, failed: 0, skipped: 0 };
    if let Some(message) = failure {
        counts.failed = 1;
        counts.skipped = (steps.len() as u32).saturating_sub(done + 1);
        log.push_str(&message);
    }
    Ok(Outcome::Ran { counts, log })
}

/// Runs the steps until one fails; tells how many went well and what went wrong.
fn play(
    context: &Context,
    name: &str,
    steps: &[Step],
    print: &mut dyn FnMut(&str),
) -> Result<(u32, Option<String>), String> {
    let (command, node) = (context.command()?.clone(), context.node()?.clone());
    let mut world = World::new(&context.workspace, name, command, node)?;
    let start = Instant::now();
    let mut done = 0;
    for (index, (title, step)) in steps.iter().enumerate() {
        let begin = Instant::now();
        let result = step(&mut world);
        let milliseconds = begin.elapsed().as_millis();
        let head = format!("{:>2}  {milliseconds:>5} ms  {title:<52}", index + 1);
        match result {
            Ok(told) => print(&format!("{head}  {told}")),
            Err(message) => {
                print(&format!("{head}  FAILED"));
                let place = context.workspace.show(world.keep());
                return Ok((done, Some(format!("{title}: {message}\n{}(all files are in {place})", world.log_tail()))));
            }
        }
        done += 1;
    }
    print(&format!("{name}: all {done} steps went as they must, in {:.1} s", start.elapsed().as_secs_f32()));
    Ok((done, None))
}
