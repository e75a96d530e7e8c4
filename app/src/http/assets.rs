//! The bundle's files, when no CDN stands in front of the bucket. Names carry their hash, so a
//! file never changes: it is kept here and by browsers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use spoke_contract::names::ASSETS_PREFIX;

use crate::error::Error;
use crate::http::Web;

/// What this process keeps at the most.
const MAX_KEPT: usize = 24 * 1024 * 1024;

/// Files that were asked for.
#[derive(Debug, Default)]
pub struct Assets {
    kept: Mutex<HashMap<String, Asset>>,
}

#[derive(Clone, Debug)]
struct Asset {
    bytes: Bytes,
    content_type: HeaderValue,
    etag: HeaderValue,
}

/// GET /assets/…
pub async fn serve(
    State(web): State<Web>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match find(&web, &path).await {
        Ok(Some(asset)) => answer(&asset, &headers),
        Ok(None) => (StatusCode::NOT_FOUND, "There is no such file.").into_response(),
        Err(error) => Error::Internal(error).into_response(),
    }
}

async fn find(web: &Web, path: &str) -> anyhow::Result<Option<Asset>> {
    let Some(bucket) = &web.app.config.asset_bucket else {
        return Ok(None);
    };
    if path
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.'))
    {
        return Ok(None);
    }
    if let Some(asset) = web.assets.get(path) {
        return Ok(Some(asset));
    }
    let key = format!("{ASSETS_PREFIX}{path}");
    let Some(object) = web.app.storage.find(bucket, &key).await? else {
        return Ok(None);
    };
    let declared = object
        .content_type
        .filter(|kind| !kind.ends_with("/octet-stream"));
    let content_type = declared.and_then(|kind| HeaderValue::from_str(&kind).ok());
    let etag = object
        .etag
        .and_then(|etag| HeaderValue::from_str(&etag).ok());
    let asset = Asset {
        bytes: object.bytes,
        content_type: content_type.unwrap_or(HeaderValue::from_static(content_type_of(path))),
        etag: etag.unwrap_or(HeaderValue::from_static("\"immutable\"")),
    };
    web.assets.keep(path, &asset);
    Ok(Some(asset))
}

fn answer(asset: &Asset, request: &HeaderMap) -> Response {
    let mut response = if is_known(asset, request) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(asset.bytes.clone()))
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, asset.content_type.clone());
    headers.insert(header::ETAG, asset.etag.clone());
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    response
}

/// Whether the browser has the file already.
fn is_known(asset: &Asset, request: &HeaderMap) -> bool {
    let known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok());
    known.is_some_and(|known| {
        known
            .split(',')
            .any(|etag| etag.trim().trim_start_matches("W/").as_bytes() == asset.etag.as_bytes())
    })
}

impl Assets {
    fn get(&self, path: &str) -> Option<Asset> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned()
    }

    fn keep(&self, path: &str, asset: &Asset) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let size: usize = kept.values().map(|asset| asset.bytes.len()).sum();
        if size + asset.bytes.len() > MAX_KEPT {
            kept.clear();
        }
        kept.insert(path.to_owned(), asset.clone());
    }
}

fn content_type_of(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        _ => "application/octet-stream",
    }
}
