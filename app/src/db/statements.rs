//! Cuts SQL at its semicolons, minding quotes, dollar quotes and comments.

/// The statements, trimmed, without those that are only comments.
pub fn split(sql: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut position = 0;
    while position < sql.len() {
        let rest = &sql[position..];
        if rest.starts_with(';') {
            push(&mut statements, &sql[start..position]);
            position += 1;
            start = position;
        } else {
            position += token_length(rest);
        }
    }
    push(&mut statements, &sql[start..]);
    statements
}

fn push<'a>(statements: &mut Vec<&'a str>, text: &'a str) {
    let statement = skip_comments(text).trim_end();
    if !statement.is_empty() {
        statements.push(statement);
    }
}

/// Without the white space and comments it begins with.
fn skip_comments(text: &str) -> &str {
    let text = text.trim_start();
    if text.starts_with("--") || text.starts_with("/*") {
        return skip_comments(&text[token_length(text)..]);
    }
    text
}

/// How many bytes the quoted text, comment or character at the beginning takes.
fn token_length(text: &str) -> usize {
    let first = text.chars().next().map_or(1, char::len_utf8);
    if text.starts_with("--") {
        return text.find('\n').map_or(text.len(), |end| end + 1);
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    if let Some(quote @ ('\'' | '"')) = text.chars().next() {
        // A doubled quote inside ends one text and begins the next: the same to us.
        return text[1..].find(quote).map_or(text.len(), |end| end + 2);
    }
    match dollar_tag(text) {
        Some(tag) => text[tag.len()..]
            .find(tag)
            .map_or(text.len(), |end| end + 2 * tag.len()),
        None => first,
    }
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut position = 0;
    while position < text.len() {
        let rest = &text[position..];
        if rest.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// `$$` or `$name$`, if the text begins with one.
fn dollar_tag(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('$')?;
    let end = inside.find('$')?;
    let is_name = inside[..end]
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !inside.starts_with(|character: char| character.is_ascii_digit());
    is_name.then(|| &text[..end + 2])
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn statements_are_cut_only_where_they_end() {
        let cases: [(&str, &[&str]); 7] = [
            ("SELECT 1; SELECT 2", &["SELECT 1", "SELECT 2"]),
            ("-- only; a comment\n;", &[]),
            ("-- why;\nSELECT ';''x;' ;", &["SELECT ';''x;'"]),
            (
                "SELECT \"a;b\"; /* x; /* y; */ */ SELECT 2;",
                &["SELECT \"a;b\"", "SELECT 2"],
            ),
            (
                "DO $$ BEGIN x; END $$; SELECT 1",
                &["DO $$ BEGIN x; END $$", "SELECT 1"],
            ),
            ("DO $f$ a; $$ b; $f$;", &["DO $f$ a; $$ b; $f$"]),
            ("SELECT $1; SELECT 'ü;'", &["SELECT $1", "SELECT 'ü;'"]),
        ];
        for (sql, expected) in cases {
            assert_eq!(split(sql), expected, "{sql}");
        }
    }
}
