//! The directory of authorities: trust anchors that vouch for clients or servers, and their revocation lists.

mod content;
mod install;
mod standing;
mod state;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use self::standing::Standings;
use self::state::State;
use crate::admission::Peer;
use crate::certificate::{Certificate, Fingerprint};
use crate::chain::{Crl, Refusal, StaleCrls};
use crate::clock::{date, now};
use crate::error::Result;
use crate::trust_dir::{EntryNames, Problem, TrustDir, TrustDirOptions, lock};

pub(crate) use self::install::install_crl;
pub(crate) use self::standing::Standing;

/// How a directory of authorities is opened; `Default` is right for directories that trustdir makes.
#[derive(Clone, Debug)]
pub struct AuthorityDirOptions {
    /// Which files are entries. Under [`EntryNames::SubjectHash`] revocation lists are read from names such as
    /// `0fb8533c.r0`, whatever the number, under [`EntryNames::Any`] from every file.
    pub entry_names: EntryNames,
    /// Whether a thread watches for changes; see [`TrustDirOptions::watch`].
    pub watch: bool,
    /// Whether the directory is made when it does not exist.
    pub create: bool,
    /// What becomes of peers whose authority's list is out of date. An authority without any list has revoked
    /// nobody.
    pub stale_crls: StaleCrls,
}

impl Default for AuthorityDirOptions {
    fn default() -> Self {
        let TrustDirOptions { entry_names, watch, create } = TrustDirOptions::default();
        Self { entry_names, watch, create, stale_crls: StaleCrls::default() }
    }
}

/// A directory of trust anchors: whoever has a certificate from one of these authorities is admitted, unless
/// a revocation list in the directory revokes it. That is much wider than a [`TrustDir`], whose entries admit
/// only themselves, so it is a directory of its own.
///
/// Paths are those of RFC 5280, from the certificates that the peer sends to an anchor: signatures,
/// validity, purposes, path lengths and name constraints (on directory names: all are refused) count. An
/// authority that is unfit vouches for nobody and is told by [`problems`](Self::problems): expired, without
/// critical basicConstraints or keyCertSign, with an unknown critical extension, with an RSA key below
/// 2048 bits.
///
/// Lists (CRLs) lie beside the anchors, in PEM or DER, of at most 16 MiB. Of several lists of one authority each counts, and the
/// newest says whether they are out of date. A list that is broken or whose signature does not verify refuses
/// those whom its authority vouches for; if that cannot be told (half a file, under a name that does not say it),
/// everybody's. Name lists `<hash>.r0`, or so that the name has `crl` in it: then also one that cannot be opened is known for one. New, replaced and removed files count from the next decision
/// on, a resumed session's too, and open connections that are no longer vouched for are closed. What merely
/// ends - a certificate's validity, a list's - is for the next handshake; it closes nobody.
///
/// Cloning is cheap and gives the same directory. May be used from several threads at once.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
/// use trustdir::{AuthorityDir, AuthorityDirOptions, Reason, RevocationReason};
///
/// let options = AuthorityDirOptions { create: true, ..Default::default() };
/// let authorities = AuthorityDir::open_with(dir.join("authorities"), options)?;
/// let anchor = authorities.directory().install(ca.certificate())?;
///
/// let alice = ca.issue_client("alice", &Default::default())?;
/// let (sent, now) = ([alice.certificate().as_der()], alice.certificate().not_before());
/// let decision = authorities.decide(&sent, now);
/// assert_eq!((decision.reason(), decision.entry()), (Reason::Admitted, Some(anchor.file())));
///
/// ca.revoke(alice.certificate(), RevocationReason::KeyCompromise)?;
/// authorities.install_crl_file(ca.crl(30)?)?;
/// assert_eq!(authorities.decide(&sent, now).reason(), Reason::RevokedByCrl);
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct AuthorityDir(Arc<Inner>);

struct Inner {
    directory: TrustDir,
    stale_crls: StaleCrls,
    state: Mutex<Arc<State>>,
    /// Held by whoever reads the directory, so that it is read once.
    loading: Mutex<()>,
    standings: Standings,
}

impl AuthorityDir {
    /// Opens a directory in which every certificate file is an authority's, and watches it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, AuthorityDirOptions::default())
    }

    /// Opens a directory. It must exist unless `create` is set; it may be empty: then nobody is vouched for.
    pub fn open_with(path: impl AsRef<Path>, options: AuthorityDirOptions) -> Result<Self> {
        let AuthorityDirOptions { entry_names, watch, create, stale_crls } = options;
        let directory = TrustDir::open_with(path, TrustDirOptions { entry_names, watch, create })?;
        let inner = Arc::new(Inner {
            state: Mutex::new(Arc::new(State::load(&directory, stale_crls, None).0)),
            directory: directory.clone(),
            stale_crls,
            loading: Mutex::default(),
            standings: Standings::default(),
        });
        let watched = Arc::downgrade(&inner);
        directory.observe(Box::new(move || {
            if let Some(inner) = watched.upgrade() {
                Self(inner).recheck();
            }
        }));
        Ok(Self(inner))
    }

    /// The directory as one of certificates: to install, remove, list and find authorities.
    pub fn directory(&self) -> &TrustDir {
        &self.0.directory
    }

    /// What becomes of peers whose authority's list is out of date.
    pub fn stale_crls(&self) -> StaleCrls {
        self.0.stale_crls
    }

    /// Brings everything in line with the directory now and closes connections that are no longer vouched for.
    /// Needed only by hosts that have switched the watcher off.
    pub fn refresh(&self) -> Result<()> {
        let refreshed = self.0.directory.refresh();
        self.recheck();
        refreshed
    }

    /// Every revocation list in the directory that can be used, sorted by file.
    pub fn crls(&self) -> Vec<Crl> {
        self.state().trust.crls.clone()
    }

    /// Every file that is neither an authority that vouches nor a list that counts, and why; sorted by file.
    /// Lists that are out of date are among them.
    pub fn problems(&self) -> Result<Vec<Problem>> {
        let (now, state) = (now(), self.state());
        let trust = &state.trust;
        let of_lists = |problem: &Problem| trust.crls.iter().any(|crl| crl.file() == problem.file());
        let mut problems: Vec<_> =
            self.0.directory.problems()?.into_iter().filter(|problem| !of_lists(problem)).collect();
        problems.retain(|problem| !trust.broken.iter().any(|broken| broken.file == problem.file()));
        let broken = trust
            .broken
            .iter()
            .map(|broken| (&broken.file, format!("this revocation list counts no more: {}; replace it", broken.why)));
        problems.extend(broken.map(|(file, what)| Problem::new(file.clone(), what)));
        let unfit = trust
            .anchors
            .iter()
            .filter_map(|anchor| Some((anchor, anchor.file.clone()?, anchor.unfit(Peer::Client, now)?)));
        problems.extend(unfit.map(|(anchor, file, Refusal(_, what))| {
            Problem::new(file, format!("{} {what}", anchor.certificate.subject().brief()))
        }));
        let anchors: Vec<&Certificate> = trust.anchors.iter().map(|anchor| &anchor.certificate).collect();
        problems.extend(trust.crls.iter().filter_map(|crl| {
            Some(Problem::new(crl.file().to_owned(), fault(crl, &anchors, self.0.directory.entry_names(), now)?))
        }));
        problems.sort_by(|a, b| a.file().cmp(b.file()));
        Ok(problems)
    }

    /// What lies in the directory at this moment: read again only if it has changed.
    fn state(&self) -> Arc<State> {
        let quiet = self.0.directory.quiet();
        let known = || Some(lock(&self.0.state).clone()).filter(|known| known.is_current(quiet));
        if let Some(known) = known() {
            return known;
        }
        let loading = lock(&self.0.loading);
        if let Some(known) = known() {
            return known;
        }
        let old = lock(&self.0.state).clone();
        let (state, gone) = State::load(&self.0.directory, self.0.stale_crls, Some(&old));
        let state = Arc::new(state);
        *lock(&self.0.state) = state.clone();
        drop(loading);
        // Hooks may well ask for a decision.
        self.0.directory.dismiss(gone);
        state
    }

    /// What the directory says, in short: while it is the same, a chain that was vouched for still is, as long as
    /// nothing in it ends.
    pub(crate) fn edition(&self) -> Fingerprint {
        self.state().edition
    }

    /// The certificate of these bytes; one of a chain that was vouched for lately is not read again.
    pub(crate) fn certificate(&self, der: &[u8], fingerprint: Fingerprint) -> Result<Certificate> {
        self.0.standings.certificate(&fingerprint).map_or_else(|| Certificate::from_der_of(der, fingerprint), Ok)
    }

    /// Judges a chain, end entity first, and takes hold of what vouches for it. One that was vouched for is not
    /// judged again while nothing has changed.
    pub(crate) fn hold(&self, chain: Vec<Certificate>, peer: Peer, now: i64) -> Result<Arc<Standing>, Refusal> {
        let state = self.state();
        if let Some(known) = self.0.standings.find(&chain, peer).filter(|known| known.is_good_at(now, &state)) {
            return Ok(known);
        }
        let vouched = state.verify(&chain, peer, now)?;
        // Gone in between: the next question would be answered so.
        let found = self.0.directory.hold(&vouched.authority.fingerprint()).ok_or_else(Refusal::anchor_gone)?;
        Ok(self.0.standings.of(self, (chain, peer), state, vouched, found.held))
    }

    /// Judges everybody who is connected again, if something has changed.
    fn recheck(&self) {
        let state = self.state();
        self.0.standings.all().iter().for_each(|standing| standing.judge(&state));
    }
}

impl fmt::Debug for AuthorityDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorityDir({})", self.0.directory.path().display())
    }
}

/// What is wrong with a list that can be read.
fn fault(crl: &Crl, anchors: &[&Certificate], names: EntryNames, now: i64) -> Option<String> {
    let issuer = crl.issuer().brief();
    if !crl.is_proven(anchors) {
        return Some(format!(
            "its signature is not that of {issuer}, which vouches for nobody therefore; replace this list"
        ));
    }
    if crl.is_stale(now) {
        let since = date(crl.next_update());
        return Some(format!("this list of {issuer} is out of date since {since}; put a new one here"));
    }
    let name = crl.file().file_name()?.to_str()?;
    let hash = crl.hash().filter(|hash| names == EntryNames::SubjectHash && !name.starts_with(&hash.to_string()))?;
    Some(format!("this list of {issuer} counts, but OpenSSL does not find it; rename it to {hash}.r0"))
}
