//! What changes in a text, line by line.

/// Beyond this many pairs of lines, what lies between the first and the last change is shown as a whole.
const MOST_PAIRS: usize = 4_000_000;

/// The lines that go, with `-`, and those that come, with `+`. Lines that stay are not shown, nor are passphrases.
pub(super) fn diff(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);

    let common = common(old, new);
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && common.is_some() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common.as_ref().is_none_or(|it| it[i + 1][j] >= it[i][j + 1])) {
            lines.push(format!("-{}", discreet(old[i])));
            i += 1;
        } else {
            lines.push(format!("+{}", discreet(new[j])));
            j += 1;
        }
    }
    lines
}

/// How many lines the rests of both texts have in common, from each pair of lines on.
fn common(old: &[&str], new: &[&str]) -> Option<Vec<Vec<u32>>> {
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        return None;
    }
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    Some(common)
}

/// The line up to the name of a secret, if it has one.
fn discreet(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let is_named = |end: &usize| lower[*end..].trim_start_matches(['"', '\'', ' ']).starts_with(['=', ':']);
    let named = |word: &str| lower.match_indices(word).map(|(at, word)| at + word.len()).find(is_named);
    match ["passphrase", "password", "pass", "secret", "token"].into_iter().filter_map(named).min() {
        Some(end) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_not_shown() {
        assert_eq!(diff("a\nb\nc\n", "a\nc\nd\n"), ["-b", "+d"]);
        assert_eq!(diff("", "a\nb"), ["+a", "+b"]);
        assert_eq!(diff("a\nb\nc\nd", "x\nb\ny\nd"), ["-a", "+x", "-c", "+y"]);
        assert!(diff("a\n", "a\n").is_empty());
    }

    #[test]
    fn no_passphrase_is_shown() {
        let lines = diff("server_key_passphrase = \"hunter2\"\n", "{\"user\": 1, \"Password\": \"hunter2\"}\n");
        assert_eq!(lines, ["-server_key_passphrase …", "+{\"user\": 1, \"Password …"]);
        assert_eq!(
            diff("", "proxy_pass http://[::1]:1;\n 'apiToken' : 1\n"),
            ["+proxy_pass http://[::1]:1;", "+ 'apiToken …"]
        );
    }
}
