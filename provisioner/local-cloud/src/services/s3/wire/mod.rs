//! S3 on the wire: what `s3s` has decoded and verified is performed on buckets and objects.

mod gate;
mod get;
mod list;
mod multipart;
mod put;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt as _;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, BucketCannedACL,
    BucketLocationConstraint, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteBucketInput, DeleteBucketOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
    ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsInput,
    ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput,
    ObjectOwnership, Owner, PutObjectInput, PutObjectOutput, Timestamp, UploadPartInput,
    UploadPartOutput,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use serde_json::{Value, json};
use uuid::Uuid;

use super::cors::Asked;
use super::subresource::Subresources;
use super::{S3 as Store, operations};
use crate::Cloud;
use crate::error::AwsError;
use crate::protocol::identify;
use gate::{Gate, Keys};

/// Answers one HTTP request.
pub(crate) async fn answer(cloud: &Arc<Cloud>, request: http::Request<Body>) -> Response<Body> {
    let asked = Asked::of(&request);
    if let Some(preflight) = asked.as_ref().and_then(|asked| asked.preflight(cloud)) {
        return identified(preflight);
    }
    let query = request.uri().query().unwrap_or_default();
    if identify::signed_by_version_2(query, request.headers()) {
        return identified(old_signature());
    }
    let service = cloud
        .services
        .s3
        .service
        .get_or_init(|| service(cloud))
        .clone();
    let performed = AssertUnwindSafe(service.call(request)).catch_unwind().await;
    let mut response = match performed {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => broken(&format!("{error:?}")),
        Err(_) => broken("The local cloud failed in S3; its own output says where."),
    };
    response = explained(response).await;
    if let Some(asked) = asked {
        asked.grant(cloud, &mut response);
    }
    identified(response)
}

fn identified(mut response: Response<Body>) -> Response<Body> {
    let id = Uuid::new_v4().simple().to_string();
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-amz-request-id", id);
    }
    response
}

fn broken(why: &str) -> Response<Body> {
    refused(S3Error::with_message(
        S3ErrorCode::InternalError,
        why.to_owned(),
    ))
}

/// Version 2 is not taken for buckets made since 2020.
fn old_signature() -> Response<Body> {
    refused(S3Error::with_message(
        S3ErrorCode::InvalidRequest,
        "The authorization mechanism you have provided is not supported. Please use \
         AWS4-HMAC-SHA256.",
    ))
}

/// Says why a signature is refused; the protocol's machinery gives the code alone.
async fn explained(response: Response<Body>) -> Response<Body> {
    const BARE: &str = "<Code>SignatureDoesNotMatch</Code></Error>";
    const FULL: &str = "<Code>SignatureDoesNotMatch</Code><Message>The request signature we \
        calculated does not match the signature you provided. Check your key and signing \
        method.</Message></Error>";
    if response.status() != StatusCode::FORBIDDEN {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return broken(&error.to_string()),
    };
    parts.headers.remove(http::header::CONTENT_LENGTH);
    let text = String::from_utf8_lossy(&body).replace(BARE, FULL);
    Response::from_parts(parts, Body::from(text))
}

fn refused(error: S3Error) -> Response<Body> {
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

fn service(cloud: &Arc<Cloud>) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Wire {
        cloud: Arc::downgrade(cloud),
    });
    builder.set_auth(Keys);
    builder.set_access(Gate {
        cloud: Arc::downgrade(cloud),
    });
    builder.set_route(Subresources {
        cloud: Arc::downgrade(cloud),
    });
    builder.build()
}

/// An error in `s3s`'s terms.
pub(super) fn s3_error(error: &AwsError) -> S3Error {
    let code = S3ErrorCode::from_bytes(error.code.as_bytes())
        .unwrap_or_else(|| S3ErrorCode::Custom(error.code.as_str().into()));
    let mut converted = S3Error::with_message(code, error.message.clone());
    if let Ok(status) = StatusCode::from_u16(error.status) {
        converted.set_status_code(status);
    }
    converted
}

/// The cloud behind a reference that does not keep it alive.
pub(super) fn alive(cloud: &Weak<Cloud>) -> S3Result<Arc<Cloud>> {
    cloud
        .upgrade()
        .ok_or_else(|| S3Error::with_message(S3ErrorCode::ServiceUnavailable, "stopping"))
}

/// The operations.
struct Wire {
    cloud: Weak<Cloud>,
}

impl Wire {
    /// A bucket's operation, in the model's shape.
    async fn call(&self, operation: &str, input: Value) -> S3Result<Value> {
        let cloud = alive(&self.cloud)?;
        operations::call(&cloud, operation, input)
            .await
            .map_err(|error| s3_error(&error))
    }
}

fn answered<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

fn status<T>(output: T, status: StatusCode) -> S3Result<S3Response<T>> {
    let mut response = S3Response::new(output);
    response.status = Some(status);
    Ok(response)
}

fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp::from(std::time::SystemTime::from(at))
}

fn lift<T>(result: Result<T, AwsError>) -> S3Result<T> {
    result.map_err(|error| s3_error(&error))
}

fn not_offered<T>(what: &str) -> S3Result<T> {
    Err(S3Error::with_message(
        S3ErrorCode::NotImplemented,
        format!("The local cloud does not offer {what}."),
    ))
}

#[async_trait::async_trait]
impl S3 for Wire {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let input = request.input;
        let place = input
            .create_bucket_configuration
            .and_then(|configuration| configuration.location_constraint);
        let answer = self
            .call(
                "CreateBucket",
                json!({
                    "Bucket": input.bucket,
                    "ACL": input.acl.as_ref().map(BucketCannedACL::as_str),
                    "ObjectOwnership": input.object_ownership.as_ref().map(ObjectOwnership::as_str),
                    "CreateBucketConfiguration": {
                        "LocationConstraint": place.as_ref().map(BucketLocationConstraint::as_str),
                    },
                }),
            )
            .await?;
        answered(CreateBucketOutput {
            location: answer["Location"].as_str().map(str::to_owned),
        })
    }

    async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let bucket = json!({ "Bucket": request.input.bucket });
        self.call("DeleteBucket", bucket).await?;
        status(DeleteBucketOutput {}, StatusCode::NO_CONTENT)
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let bucket = json!({ "Bucket": request.input.bucket });
        let answer = self.call("HeadBucket", bucket).await?;
        let mut response = S3Response::new(HeadBucketOutput::default());
        if let Some(region) = answer["BucketRegion"].as_str()
            && let Ok(region) = HeaderValue::from_str(region)
        {
            response.headers.insert("x-amz-bucket-region", region);
        }
        Ok(response)
    }

    async fn list_buckets(
        &self,
        _: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let cloud = alive(&self.cloud)?;
        let model = cloud.services.s3.store.read();
        let buckets = model.buckets.iter().map(|(name, bucket)| Bucket {
            name: Some(name.clone()),
            creation_date: Some(timestamp(bucket.created)),
            bucket_region: Some(cloud.options.region.clone()),
        });
        answered(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            owner: Some(Owner {
                id: Some(cloud.options.account.clone()),
                ..Owner::default()
            }),
            ..ListBucketsOutput::default()
        })
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let bucket = json!({ "Bucket": request.input.bucket });
        let answer = self.call("GetBucketLocation", bucket).await?;
        let constraint = answer["LocationConstraint"].as_str();
        answered(GetBucketLocationOutput {
            location_constraint: constraint
                .map(|region| BucketLocationConstraint::from(region.to_owned())),
        })
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        put::object(&*alive(&self.cloud)?, request).await
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        put::copy(&*alive(&self.cloud)?, request.input).await
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        get::object(&alive(&self.cloud)?.services.s3, request.input).await
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        get::head(&alive(&self.cloud)?.services.s3, request.input)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        let cloud = alive(&self.cloud)?;
        lift(cloud.services.s3.objects.delete(&input.bucket, &input.key))?;
        status(DeleteObjectOutput::default(), StatusCode::NO_CONTENT)
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        let cloud = alive(&self.cloud)?;
        let objects = &cloud.services.s3.objects;
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            lift(objects.delete(&input.bucket, &object.key))?;
            deleted.push(DeletedObject {
                key: Some(object.key),
                ..DeletedObject::default()
            });
        }
        let quiet = input.delete.quiet.unwrap_or_default();
        answered(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            ..DeleteObjectsOutput::default()
        })
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        answered(list::first_version(
            &alive(&self.cloud)?.services.s3,
            request.input,
        ))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        list::second_version(&alive(&self.cloud)?.services.s3, request.input).map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        multipart::create(&*alive(&self.cloud)?, request.input)
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        multipart::part(&*alive(&self.cloud)?, request).await
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        multipart::list_parts(&alive(&self.cloud)?.services.s3, request.input)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        multipart::list(&alive(&self.cloud)?.services.s3, request.input)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        multipart::complete(&*alive(&self.cloud)?, request.input).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        let cloud = alive(&self.cloud)?;
        let objects = &cloud.services.s3.objects;
        lift(objects.end_upload(&input.bucket, &input.key, &input.upload_id))?;
        status(
            AbortMultipartUploadOutput::default(),
            StatusCode::NO_CONTENT,
        )
    }
}
