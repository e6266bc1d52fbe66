//! How many tiny records a peer may send: each is work, however little it carries, and so is each change of keys.

use std::time::{Duration, Instant};

/// Records with fewer bytes of payload are counted. A key update has 22, and some 40 bytes of data are the most that
/// such a record carries, so that the work behind larger ones is in proportion to the bandwidth that they take.
pub(super) const TINY: u16 = 64;

/// As many seconds' worth may come at once.
const BURST: Duration = Duration::from_secs(2);

/// Follows the headers of the records in the ciphertext that arrives (RFC 8446, 5.1), wherever that is cut.
#[derive(Debug)]
pub(super) struct RecordGuard {
    /// One tiny record may come in this time.
    each: Duration,
    /// When all that came will have been within the rate.
    even: Instant,
    /// How much of the next header has arrived.
    header: u8,
    /// The last two bytes that did, in a header its length field.
    length: u16,
    /// What of the payload of the record that is arriving has not.
    payload: u16,
}

impl RecordGuard {
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { each, even: now, header: 0, length: 0, payload: 0 }
    }

    /// Takes note of ciphertext that arrived at this moment; whether the peer keeps to its rate.
    pub(super) fn follow(&mut self, mut ciphertext: &[u8], now: Instant) -> bool {
        while let Some((byte, rest)) = ciphertext.split_first() {
            if self.payload > 0 {
                let skipped = ciphertext.len().min(self.payload.into());
                self.payload -= skipped as u16;
                ciphertext = &ciphertext[skipped..];
                continue;
            }
            ciphertext = rest;
            self.length = self.length << 8 | u16::from(*byte);
            self.header = (self.header + 1) % 5;
            if self.header == 0 {
                self.begin(now);
            }
        }
        self.even.saturating_duration_since(now) <= BURST
    }

    fn begin(&mut self, now: Instant) {
        self.payload = self.length;
        if self.length < TINY {
            self.even = self.even.max(now) + self.each;
        }
    }

    /// The service has said something: who waits for answers is paced by them, however fast they come.
    pub(super) fn answered(&mut self) {
        self.even = self.even.checked_sub(self.each).unwrap_or(self.even);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(payload: u16) -> Vec<u8> {
        let [high, low] = payload.to_be_bytes();
        [vec![23, 3, 3, high, low], vec![0xff; payload.into()]].concat()
    }

    #[test]
    fn records_are_found_wherever_the_stream_is_cut() {
        let stream = [record(1), record(TINY), record(0), record(16_640), record(TINY - 1)].concat();
        let now = Instant::now();
        for cut in 1..100 {
            let mut guard = RecordGuard::new(1000, now);
            assert!(stream.chunks(cut).all(|piece| guard.follow(piece, now)));
            assert_eq!(guard.even - now, 3 * guard.each, "{cut}");
            assert_eq!((guard.header, guard.payload), (0, 0));
        }
    }

    #[test]
    fn a_burst_and_a_rate() {
        let now = Instant::now();
        let mut guard = RecordGuard::new(10, now);
        assert!(guard.follow(&record(1).repeat(20), now));
        assert!(!guard.follow(&record(1), now));
        // What time has paid off comes again, and no more.
        let later = now + Duration::from_secs(3600);
        assert!(guard.follow(&record(1).repeat(20), later));
        assert!(!guard.follow(&record(1), later + Duration::from_millis(99)));
        assert!(guard.follow(&[], later + Duration::from_secs(1)));
        assert!(guard.follow(&record(TINY).repeat(1000), later + Duration::from_secs(1)));
    }

    #[test]
    fn whoever_is_answered_may_go_on() {
        let now = Instant::now();
        let mut guard = RecordGuard::new(10, now);
        for _ in 0..1000 {
            assert!(guard.follow(&record(30), now));
            guard.answered();
        }
        // Answers to nothing are no credit.
        (0..1000).for_each(|_| guard.answered());
        assert!(guard.follow(&record(1).repeat(20), now) && !guard.follow(&record(1), now));
    }
}
