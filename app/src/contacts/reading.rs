//! An uploaded file on its way from the bucket into the database, in constant memory.

use std::io;

use anyhow::Context;
use tokio::sync::mpsc;

use crate::contacts::chunks::Chunks;
use crate::error::{Error, Result};
use crate::jobs::run::Running;

/// Whoever takes the parts of a file, in their order.
pub trait Take<P> {
    /// # Errors
    /// Ends the reading.
    fn take(&mut self, part: P) -> impl Future<Output = Result<()>> + Send;
}

/// Reads the object: three at work at once, each waiting for the next: the network, `parse`, and whoever takes the
/// parts. `share` of the job's progress is this reading.
///
/// # Errors
/// What `parse` says is wrong with the file; what `taker` says.
pub async fn read<P: Send + 'static>(
    running: &Running<'_>,
    key: &str,
    share: f32,
    parse: impl FnOnce(Chunks, &mut dyn FnMut(P) -> bool) -> Result<(), String> + Send + 'static,
    taker: &mut impl Take<P>,
) -> Result<()> {
    let app = running.app;
    let bucket = app.private_bucket()?;
    let (mut body, length) = app.storage.stream(bucket, key).await?;
    let (bytes_in, bytes_out) = mpsc::channel::<io::Result<bytes::Bytes>>(8);
    let (parts_in, mut parts_out) = mpsc::channel::<P>(2);
    let parser = tokio::task::spawn_blocking(move || {
        parse(Chunks::new(bytes_out), &mut |part| {
            parts_in.blocking_send(part).is_ok()
        })
    });
    let mut received: u64 = 0;
    let feed = async {
        loop {
            let chunk = match body.try_next().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => break,
                Err(error) => Err(io::Error::other(error)),
            };
            received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
            let is_broken = chunk.is_err();
            if bytes_in.send(chunk).await.is_err() || is_broken {
                break;
            }
            running.set_progress(part_of(received, length) * share);
        }
        drop(bytes_in);
    };
    // When this ends early nobody listens any more: the parser ends, and with it the feed.
    let take = async move {
        while let Some(part) = parts_out.recv().await {
            taker.take(part).await?;
        }
        Ok::<_, Error>(())
    };
    let ((), taken) = tokio::join!(feed, take);
    taken?;
    parser
        .await
        .context("the parser broke down")?
        .map_err(|reason| Error::bad_input("s3Key", reason))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a progress bar needs no more than seven digits"
)]
fn part_of(part: u64, whole: u64) -> f32 {
    if whole == 0 {
        0.0
    } else {
        part as f32 / whole as f32
    }
}
