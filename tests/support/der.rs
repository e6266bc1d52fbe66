//! Bytes cut out of DER without the library's help.

/// The elements inside an element, each with its header.
pub fn elements(der: &[u8]) -> Vec<&[u8]> {
    let (header, _) = extent(der);
    let (mut rest, mut found) = (&der[header..], Vec::new());
    while !rest.is_empty() {
        let (header, length) = extent(rest);
        let (element, more) = rest.split_at(header + length);
        found.push(element);
        rest = more;
    }
    found
}

/// How long an element's header and its content are.
fn extent(der: &[u8]) -> (usize, usize) {
    let (first, more) = (usize::from(der[1]), &der[2..]);
    if first < 0x80 {
        return (2, first);
    }
    let count = first & 0x7f;
    (2 + count, more[..count].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}
