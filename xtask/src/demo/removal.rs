//! Removing a client while it is connected: what is open is closed, and nothing opens again, until it is installed again.

use std::fs;
use std::time::Instant;

use crate::demo::client::Held;
use crate::demo::pki::{link_rpcuser1, rpcuser1_link};
use crate::demo::world::World;

/// The reasons with which a client is refused that was installed once.
const GONE: [&str; 2] = ["REMOVED", "NOT_INSTALLED"];

/// Both clients connect in both versions of TLS and see that their sessions resume: else it would prove nothing that they
/// do not resume afterwards.
pub(crate) fn hold(world: &mut World<'_>) -> Result<String, String> {
    for tls in ["1.3", "1.2"] {
        let mut rpcuser1 = Held::start(world, "rpcuser1", tls)?;
        let mut alice = Held::start(world, "alice", tls)?;
        for client in [&mut rpcuser1, &mut alice] {
            client.order("open", "ok")?;
            let told = client.order("resume", "ok")?;
            if !told.contains(" resumed ") {
                return Err(format!("TLS {tls}: the session is not resumed: {told}"));
            }
        }
        world.rpcuser1.push(rpcuser1);
        world.alice.push(alice);
    }
    Ok("one each in TLS 1.3 and 1.2, and every ticket resumes".into())
}

/// `rm` of the link alone; the certificate's file stays where it is and is no entry.
pub(crate) fn remove(world: &mut World<'_>) -> Result<String, String> {
    let link = rpcuser1_link(world)?;
    let mark = world.node()?.mark();
    let start = Instant::now();
    fs::remove_file(world.dir.join(&link)).map_err(|e| format!("{link}: {e}"))?;
    let mut ends = Vec::new();
    for client in &mut world.rpcuser1 {
        // The client says nothing: it waits and sees the end.
        ends.push(client.order("wait 5", "closed")?);
    }
    let milliseconds = start.elapsed().as_millis();
    let line = world.node()?.line_after(mark, "closed", |line| line.value("subject") == "CN=rpc.user.1")?;
    if line.value("reason") != "REMOVED" {
        return Err(format!("the log says {}", line.value("reason")));
    }
    Ok(format!("both idle clients saw \"{}\" within {milliseconds} ms; log: REMOVED", ends[0]))
}

/// With the ticket from before.
pub(crate) fn resumed(world: &mut World<'_>) -> Result<String, String> {
    refused(world, "resume")
}

/// Without any ticket.
pub(crate) fn full(world: &mut World<'_>) -> Result<String, String> {
    refused(world, "fresh")
}

fn refused(world: &mut World<'_>, order: &str) -> Result<String, String> {
    let (mut reasons, mut alerts) = (Vec::new(), Vec::new());
    for index in 0..world.rpcuser1.len() {
        let mark = world.node()?.mark();
        let told = world.rpcuser1[index].order(order, "refused")?;
        let line = world.node()?.line_after(mark, "refused", |_| true)?;
        let reason = line.value("reason");
        if !GONE.contains(&reason.as_str()) {
            return Err(format!("the log says {reason}"));
        }
        reasons.push(format!("{reason} in TLS {}", world.rpcuser1[index].tls));
        alerts.push(told);
    }
    alerts.dedup();
    Ok(format!("log: {}; the client: {}", reasons.join(", "), alerts.join(", ")))
}

/// The same connections as before the removal.
pub(crate) fn undisturbed(world: &mut World<'_>) -> Result<String, String> {
    let mark = world.node()?.mark();
    for client in &mut world.alice {
        client.order("ask", "ok")?;
    }
    let handshakes = world.node()?.lines(mark).iter().filter(|line| line.value("event") == "admitted").count();
    if handshakes > 0 {
        return Err("she had to connect again".into());
    }
    Ok("block count over both, no new handshake".into())
}

/// The link comes back, and with it the client.
pub(crate) fn again(world: &mut World<'_>) -> Result<String, String> {
    let link = link_rpcuser1(world)?;
    for client in &mut world.rpcuser1 {
        client.order("fresh", "ok")?;
    }
    Ok(format!("{link}; block count in TLS 1.3 and 1.2"))
}
