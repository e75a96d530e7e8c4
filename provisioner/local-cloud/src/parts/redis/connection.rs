//! The little of the Redis protocol (RESP2) that administration needs.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// One open connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to 127.0.0.1 and says the password when there is one.
    ///
    /// # Errors
    /// When nobody listens or the password is wrong.
    pub async fn open(port: u16, password: Option<&str>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut connection = Self {
            stream: BufReader::new(stream),
        };
        if let Some(password) = password {
            connection.command(&["AUTH", password]).await?;
        }
        Ok(connection)
    }

    /// Sends a command whose answer is one value; its text, or nothing for nil.
    ///
    /// # Errors
    /// When the server answers an error, or something longer than one value.
    pub async fn command(&mut self, words: &[&str]) -> anyhow::Result<Option<String>> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            write!(request, "${}\r\n{word}\r\n", word.len())?;
        }
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let mut characters = line.trim_end().chars();
        let kind = characters.next().context("the server hung up")?;
        let rest = characters.as_str();
        match kind {
            '+' | ':' => Ok(Some(rest.to_owned())),
            '-' => bail!("{rest}"),
            '$' => {
                let Ok(length) = rest.parse::<usize>() else {
                    return Ok(None);
                };
                let mut bytes = vec![0; length + 2];
                self.stream.read_exact(&mut bytes).await?;
                bytes.truncate(length);
                Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
            }
            other => bail!("an answer of kind '{other}' to {words:?}"),
        }
    }
}

/// What `INFO` says, by name.
///
/// # Errors
/// When the server does not answer or refuses the password.
pub async fn info(port: u16, password: Option<&str>) -> anyhow::Result<HashMap<String, String>> {
    let mut connection = Connection::open(port, password).await?;
    let text = connection.command(&["INFO"]).await?.unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    Ok(pairs
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect())
}
