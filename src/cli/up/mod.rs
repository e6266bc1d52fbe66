//! `trustdir up`: a whole guide in one command.

mod change;
mod diff;
mod exposed;
mod host;
mod nano;
mod server;
mod service;
mod site;
mod snippet;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::file::Mode;
use crate::{
    Authority, AuthorityOptions, Certificate, Error, ErrorKind, NameConstraint, NameConstraints, Result, SubjectAltName,
};

use super::clients::{self, EntryNamesArg};
use super::finding::Finding;
use super::output::{Output, argument, path_json};
use super::summary::{certificate_json, names, summary};
use super::{Outcome, lint, passphrase};

use change::Change;
use exposed::Exposed;
use server::{Server, bare};
use service::{Layout, Service};
use site::Site;
use snippet::Before;

const EXAMPLES: &str = "\
Examples:
  trustdir up --for pimatic pimatic-app --name home.example.org
  trustdir up --for nano ~/Nano --no-passphrase
  trustdir up --for rocketchat /etc/chat --name chat.home.arpa --home
  trustdir up --for nginx proxy --upstream 127.0.0.1:8123 --mutual-tls --dry-run

SERVICE: pimatic, nano; rocketchat (nginx), nginx, apache, caddy, haproxy, traefik, home-assistant, mosquitto, postgresql.

Makes what is missing below DIR - the authority, the server's identity for this machine's names and addresses and those
given, the directory of clients, the service's configuration - and says what is left to do. Run it again at any
time: what is as it should be stays, and what is replaced is kept beside it as FILE.bak.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Up {
    /// The service's directory: pimatic-app, the node's data, or any for the files of a proxy
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The service that gets its configuration (pimatic, nano), or a snippet for it
    #[arg(long = "for", value_name = "SERVICE", hide_possible_values = true)]
    service: Option<service::Name>,
    /// A name or address under which clients reach it, such as a dynamic DNS name; may be repeated
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// The authority's directory, if it is not below DIR
    #[arg(long, value_name = "DIR")]
    ca: Option<PathBuf>,
    /// A new authority may issue for homes and for the names given only, as with `ca init --home`
    #[arg(long)]
    home: bool,
    /// Of a proxy: the service behind it [default: 127.0.0.1:3000]
    #[arg(long, value_name = "HOST:PORT", value_parser = upstream)]
    upstream: Option<String>,
    /// In a snippet: clients need a certificate of the authority, from then on
    #[arg(long)]
    mutual_tls: bool,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    /// The file with the CA key's passphrase, new or not [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    ca_passphrase_file: Option<PathBuf>,
    /// Keep a new CA's key unencrypted: whoever can read it can issue
    #[arg(long)]
    no_passphrase: bool,
}

impl Up {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let service = Service::open(self.service, &self.dir)?;
        if self.mutual_tls && service.snippet().is_none() {
            let message = "--mutual-tls is for snippets: a Nano node asks for certificates anyway, and pimatic cannot";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let layout = service.layout(&self.dir);
        let ca = self.ca.clone().unwrap_or_else(|| layout.authority.clone());
        let authority = if ca.exists() { Some(Authority::open_without_key(&ca)?) } else { None };
        self.check_home(authority.as_ref())?;
        let secret = layout.passphrase.as_ref().map(|bytes| bytes.as_slice());
        let names = self.names(&service)?;
        let server = Server::plan(&layout.certificate, &layout.key, secret, authority.as_ref(), names)?;
        let site = self.site(&ca, authority.as_ref(), &layout, &server, &service);
        let changes = service.changes(&site)?;

        output.set("service", self.service.map(service::Name::as_str));
        output.set("directory", path_json(&self.dir));
        output.set("dry_run", self.dry_run);
        output.set("authority", Value::Null);
        output.set("warnings", json!([]));
        output.set("changes", json!([]));
        self.show(&ca, authority.is_some(), &server, &changes, output);
        let exposed = self.exposed(&ca, authority.as_ref(), &layout, &server);
        exposed.show(output);
        output.set("identity", identity_json(&layout, &server, server.old.as_ref()));
        if self.dry_run {
            for change in &changes {
                output.push("changes", change.to_json(None));
            }
            output.line("nothing was done");
            return Ok(Outcome::Done);
        }
        exposed.close()?;
        let authority = match (authority, &server.reason) {
            (None, _) => self.make_authority(&ca, &server.names, output)?,
            (Some(_), Some(_)) => passphrase::open_authority(&ca, self.ca_passphrase_file.as_deref())?,
            (Some(authority), None) => authority,
        };
        output.set("authority", certificate_json(authority.certificate(), Some(&authority.certificate_path())));
        let mut done = write_identity(&authority, &layout, &server, output)?;
        let root =
            layout.root.as_deref().map(|root| Change::object(root, authority.trust_anchor().as_der(), Mode::Public));
        done.extend(root.transpose()?.flatten());
        // What names the other files comes last.
        done.extend(changes);
        for change in &done {
            let backup = change.apply(output)?;
            output.push("changes", change.to_json(backup.as_deref()));
        }
        if let Some(clients) = &layout.clients {
            clients::open_or_create(clients, EntryNamesArg { subject_hash: true }, output)?;
        }
        output.set("clients", layout.clients.as_deref().map(path_json));
        if done.is_empty() && exposed.is_empty() {
            output.line("everything is as it should be");
        }
        let key_is_new = done.iter().any(|change| change.is_new_at(&layout.key));
        self.say_next(&service, &layout, &site, key_is_new, &exposed, output);
        Ok(Outcome::Done)
    }

    /// The keys that everybody can read. Without its key, or with another authority, the service gets a new one.
    fn exposed(&self, ca: &Path, authority: Option<&Authority>, layout: &Layout, server: &Server) -> Exposed {
        let beside = |path: &Path, end: &str| argument(format!("{}.{end}", path.display()));
        let service = self.service.map(|service| format!(" --for {}", service.as_str())).unwrap_or_default();
        let up = |ca: String| format!("trustdir up{service} --ca {ca} {}", argument(&self.dir));
        let key = &layout.key;
        let stays = server.reason.is_none();
        let rekey = stays.then(|| format!("mv {} {} && {}", argument(key), beside(key, "old"), up(argument(ca))));
        let new = beside(ca, "new");
        let home = if self.home { " --home" } else { "" };
        let begin = format!("trustdir ca init {new}{home} && {}", up(new.clone()));
        let authority = authority.map(|authority| (authority.key_path(), Some(begin)));
        Exposed::among(std::iter::once((key.clone(), rekey)).chain(authority))
    }

    /// What an authority may issue for is settled when it is made.
    fn check_home(&self, authority: Option<&Authority>) -> Result<()> {
        let Some(authority) = authority.filter(|_| self.home) else { return Ok(()) };
        let limits = authority.chain().iter().map(Certificate::name_constraints).collect::<Result<Vec<_>>>()?;
        if limits.iter().any(|limits| !limits.permitted.is_empty()) {
            return Ok(());
        }
        let message = "this authority may issue for any name, which --home cannot change any more; leave --home out, or have \
                       another authority made with --ca";
        Err(Error::new(ErrorKind::InvalidArgument, message).at(authority.dir()))
    }

    /// The names that are given, and those that were.
    fn names(&self, service: &Service) -> Result<Vec<SubjectAltName>> {
        let before = service.snippet().into_iter().flat_map(|(_, before)| before.names.iter().cloned());
        let mut names = Vec::with_capacity(self.name.len());
        for name in self.name.iter().map(|name| name.parse()).chain(before.map(Ok)) {
            let name = name?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn site(
        &self,
        ca: &Path,
        authority: Option<&Authority>,
        layout: &Layout,
        server: &Server,
        service: &Service,
    ) -> Site {
        let (file, before) = service.snippet().unzip();
        let upstream = self.upstream.as_ref().or(before.and_then(|before| before.upstream.as_ref()));
        Site {
            names: server.names.clone(),
            certificate: layout.certificate.clone(),
            key: layout.key.clone(),
            ca: authority.map_or_else(|| ca.join("cacert.pem"), Authority::trust_anchor_path),
            authority: ca.to_owned(),
            file: file.map(Path::to_owned).unwrap_or_default(),
            upstream: upstream.cloned().unwrap_or_else(|| "127.0.0.1:3000".to_owned()),
            mutual: self.mutual_tls || before.is_some_and(|before| before.mutual),
        }
    }

    /// Says what will be done, before anything is.
    fn show(&self, ca: &Path, has_authority: bool, server: &Server, changes: &[Change], output: &mut Output) {
        if !has_authority {
            output.line(format_args!("makes the authority {}", ca.display()));
        }
        if let Some(reason) = &server.reason {
            output.line(format_args!("issues the server's identity for {}: {reason}", names(&server.names)));
        }
        if server.forgot {
            let message = "which names the unreadable certificate had is not known; give them with --name";
            output.warn(&Finding::new("NAMES", message));
        }
        if !server.left_out.is_empty() {
            let message = format!("the authority may not issue for {}", names(&server.left_out));
            output.line(format_args!("leaves out: {message}"));
        }
        for change in changes {
            change.show(output);
        }
    }

    fn make_authority(&self, ca: &Path, names: &[SubjectAltName], output: &mut Output) -> Result<Authority> {
        let passphrase = if self.no_passphrase {
            None
        } else {
            let file = self.ca_passphrase_file.as_deref();
            Some(passphrase::for_new_authority(file, "--ca-passphrase-file", passphrase::CA_VARIABLE)?)
        };
        let constraints = if self.home { home(names)? } else { NameConstraints::default() };
        let authority = Authority::create(ca, AuthorityOptions { passphrase, constraints, ..Default::default() })?;
        output.line(format_args!(
            "wrote {} ({})",
            authority.certificate_path().display(),
            summary(authority.certificate())
        ));
        Ok(authority)
    }

    fn say_next(
        &self,
        service: &Service,
        layout: &Layout,
        site: &Site,
        key_is_new: bool,
        exposed: &Exposed,
        output: &mut Output,
    ) {
        let [ca, root] = [&site.authority, &site.ca].map(argument);
        let mut lines: Vec<String> = exposed.next().chain(service.next(site)).collect();
        if key_is_new && is_anothers(&self.dir, &layout.key) {
            let [dir, key] = [&self.dir, &layout.key].map(argument);
            lines.insert(0, format!("chown --reference={dir} {key}   (it is yours now, and the service must read it)"));
        }
        if let Some(clients) = &layout.clients {
            lines.push(format!("trustdir issue client NAME --ca {ca} --install {}", argument(clients)));
        } else if site.mutual {
            lines.push(format!("trustdir issue client NAME --ca {ca}"));
        }
        lines.push(format!("devices and programs must trust {root}; for Apple's: trustdir export mobileconfig {root}"));
        // A timer runs elsewhere.
        let whole = |path: &PathBuf| argument(std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        let [certificate, ca] = [&layout.certificate, &site.authority].map(whole);
        lines.push(format!("from a timer: trustdir renew {certificate} --ca {ca} --if-needed"));
        for line in &lines {
            output.next(line);
        }
        output.set("next", lines);
    }
}

/// The two files of the identity, if it must be issued.
fn write_identity(authority: &Authority, layout: &Layout, server: &Server, output: &mut Output) -> Result<Vec<Change>> {
    if server.reason.is_none() {
        return Ok(Vec::new());
    }
    let identity = server.issue(authority)?;
    let key = identity.key().to_pem(layout.passphrase.as_ref().map(|bytes| bytes.as_slice()))?;
    output.set("identity", identity_json(layout, server, Some(identity.certificate())));
    output.line(format_args!("issued {}", summary(identity.certificate())));
    lint::warn_of_issued(identity.certificate(), authority, &layout.certificate, output);
    let key = Change::object(&layout.key, key.as_bytes(), Mode::Private)?;
    let certificate = Change::object(&layout.certificate, identity.chain_pem().as_bytes(), Mode::Public)?;
    Ok(key.into_iter().chain(certificate).collect())
}

/// What is issued, or stays.
fn identity_json(layout: &Layout, server: &Server, certificate: Option<&Certificate>) -> Value {
    let mut value = match certificate {
        Some(certificate) => certificate_json(certificate, Some(&layout.certificate)),
        None => json!({ "file": path_json(&layout.certificate) }),
    };
    value["key_file"] = path_json(&layout.key);
    value["reason"] = server.reason.clone().into();
    value
}

/// Whether the service's directory is somebody else's than the key in it.
#[cfg(unix)]
fn is_anothers(dir: &Path, key: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = |path: &Path| path.metadata().ok().map(|metadata| metadata.uid());
    owner(dir) != owner(key)
}

#[cfg(not(unix))]
fn is_anothers(_: &Path, _: &Path) -> bool {
    false
}

/// Whether a configuration is one that was written here.
pub(super) fn has_written(config: &Path) -> bool {
    Before::read(config).is_ok_and(|before| !before.names.is_empty())
}

/// A home's names, and of these whatever lies outside of them.
fn home(names: &[SubjectAltName]) -> Result<NameConstraints> {
    let home = NameConstraints::home(&[]);
    let own = names.iter().filter(|name| !home.allow(name)).map(|name| bare(name).parse());
    Ok(NameConstraints::home(&own.collect::<Result<Vec<NameConstraint>>>()?))
}

/// A host and a port that no configuration reads as anything else.
fn upstream(text: &str) -> std::result::Result<String, String> {
    let plain =
        |host: &str| !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "._-:[]".contains(c));
    match text.rsplit_once(':') {
        Some((host, port)) if plain(host) && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("this must be a host and a port, such as 127.0.0.1:3000".to_owned()),
    }
}
