//! The little of `PostgreSQL`'s protocol that administration needs: simple queries over the
//! private socket. Format: `PostgreSQL` documentation, "Frontend/Backend Protocol", version 3.

use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Protocol 3.0.
const PROTOCOL: i32 = 196_608;

/// One open session.
pub struct Session {
    stream: UnixStream,
}

/// A row's columns as text; NULL is nothing.
pub type Row = Vec<Option<String>>;

impl Session {
    /// Opens a session on a socket that trusts whoever can reach it.
    ///
    /// # Errors
    /// When nobody listens, or the server refuses: its own words.
    pub async fn open(socket: &Path, user: &str, database: &str) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(socket)
            .await
            .with_context(|| format!("connecting to {}", socket.display()))?;
        let mut session = Self { stream };
        let mut body = PROTOCOL.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, ""] {
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
        let length = i32::try_from(body.len() + 4)?;
        session.stream.write_all(&length.to_be_bytes()).await?;
        session.stream.write_all(&body).await?;
        session.until_ready().await?;
        Ok(session)
    }

    /// Runs statements and gives the rows of all of them. Text only: no parameters, so quote
    /// with [`literal`] and [`identifier`].
    ///
    /// # Errors
    /// The server's words for the first statement that failed.
    pub async fn query(&mut self, sql: &str) -> anyhow::Result<Vec<Row>> {
        let length = i32::try_from(sql.len() + 5)?;
        let mut message = vec![b'Q'];
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(sql.as_bytes());
        message.push(0);
        self.stream.write_all(&message).await?;
        self.until_ready().await
    }

    /// Reads until the server waits for us again.
    async fn until_ready(&mut self) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut failure = None;
        loop {
            let kind = match self.stream.read_u8().await {
                Ok(kind) => kind,
                // After a refused start the server says why and hangs up.
                Err(error) => bail!(failure.unwrap_or_else(|| error.to_string())),
            };
            let length = usize::try_from(self.stream.read_i32().await?)?;
            let mut body = vec![0; length.saturating_sub(4)];
            self.stream.read_exact(&mut body).await?;
            match kind {
                b'R' if body.get(..4) != Some([0; 4].as_slice()) => {
                    bail!("the private socket asks for a password")
                }
                b'D' => rows.push(row(&body)?),
                b'E' => failure = failure.or(Some(complaint(&body))),
                b'Z' => break,
                _ => {}
            }
        }
        match failure {
            Some(failure) => bail!(failure),
            None => Ok(rows),
        }
    }
}

fn row(mut body: &[u8]) -> anyhow::Result<Row> {
    let columns = u16::from_be_bytes(take::<2>(&mut body)?);
    let mut row = Vec::with_capacity(columns.into());
    for _ in 0..columns {
        let length = i32::from_be_bytes(take::<4>(&mut body)?);
        let Ok(length) = usize::try_from(length) else {
            row.push(None);
            continue;
        };
        let (text, rest) = body
            .split_at_checked(length)
            .context("a row was cut short")?;
        row.push(Some(String::from_utf8_lossy(text).into_owned()));
        body = rest;
    }
    Ok(row)
}

fn take<const N: usize>(body: &mut &[u8]) -> anyhow::Result<[u8; N]> {
    let (head, rest) = body
        .split_first_chunk::<N>()
        .context("a row was cut short")?;
    *body = rest;
    Ok(*head)
}

/// The message (field `M`) and its SQLSTATE (field `C`) of an error answer.
fn complaint(body: &[u8]) -> String {
    let field = |name: u8| {
        body.split(|byte| *byte == 0)
            .find_map(|field| field.strip_prefix(&[name]))
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default()
    };
    format!("{} (SQLSTATE {})", field(b'M'), field(b'C'))
}

/// Text as an SQL literal.
#[must_use]
pub fn literal(text: &str) -> String {
    if text.contains('\\') {
        return format!("E'{}'", text.replace('\\', r"\\").replace('\'', "''"));
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A name as a quoted SQL identifier.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
