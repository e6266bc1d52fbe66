//! The number of a revocation list (RFC 5280, 5.2.3), as the file `crlnumber` of `openssl ca` has it.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// The longest number that readers of lists must handle.
const MAX_OCTETS: usize = 20;

/// A number that is not negative, as the content of a DER INTEGER.
pub(crate) struct CrlNumber(Vec<u8>);

impl CrlNumber {
    pub(super) fn first() -> Self {
        Self(vec![1])
    }

    /// Reads hexadecimal digits.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let message = "this is no hexadecimal number of at most 20 octets; write the next CRL number into it";
            Error::new(ErrorKind::Parse, message)
        };
        let digits: Vec<u8> =
            text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>().ok_or_else(wrong)?;
        let octets = digits.rchunks(2).rev().map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit));
        let number = Self::from_octets(octets.skip_while(|octet| *octet == 0).collect());
        if digits.is_empty() || number.0.len() > MAX_OCTETS { Err(wrong()) } else { Ok(number) }
    }

    pub(super) fn next(&self) -> Self {
        let mut octets = self.0.clone();
        for octet in octets.iter_mut().rev() {
            let (sum, carry) = octet.overflowing_add(1);
            *octet = sum;
            if !carry {
                return Self::from_octets(octets);
            }
        }
        octets.insert(0, 1);
        Self::from_octets(octets)
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.0
    }

    /// Positive, in its shortest form.
    fn from_octets(octets: Vec<u8>) -> Self {
        let mut content: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
        if content.first().is_none_or(|first| first & 0x80 != 0) {
            content.insert(0, 0);
        }
        Self(content)
    }
}

/// An even number of digits, as `openssl ca` wants it.
impl fmt::Display for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_go_up_by_one() {
        for (text, next) in [
            ("01", "02"),
            ("1", "02"),
            ("00", "01"),
            ("7F", "0080"),
            ("ff", "0100"),
            ("0FFF", "1000"),
            ("FFFFFFFFFFFFFFFF", "010000000000000000"),
            ("0000000000000009", "0A"),
        ] {
            assert_eq!(CrlNumber::parse(text).unwrap().next().to_string(), next, "{text}");
        }
        for text in ["", "x", "-1", &"1".repeat(42), &"ff".repeat(20)] {
            assert!(CrlNumber::parse(text).is_err(), "{text}");
        }
    }
}
