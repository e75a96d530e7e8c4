//! Lambda's paths and methods.
//!
//! Source: the service model AWS publishes with its SDKs. What is listed here and not
//! implemented answers as an unknown operation.

use crate::protocol::rest_json::{Route, many, one};

/// Every path of the service that the gateway knows.
pub(crate) const ROUTES: &[Route] = &[
    Route::get(
        "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL",
        "ListProvisionedConcurrencyConfigs",
        200,
    )
    .query(&[one("Marker", "Marker"), one("MaxItems", "MaxItems")]),
    Route::post(
        "/2015-03-31/functions/{FunctionName}/policy",
        "AddPermission",
        201,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::post(
        "/2015-03-31/functions/{FunctionName}/aliases",
        "CreateAlias",
        201,
    ),
    Route::post(
        "/2015-03-31/event-source-mappings",
        "CreateEventSourceMapping",
        202,
    ),
    Route::post("/2015-03-31/functions", "CreateFunction", 201),
    Route::post(
        "/2021-10-31/functions/{FunctionName}/url",
        "CreateFunctionUrlConfig",
        201,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::delete(
        "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
        "DeleteAlias",
        204,
    ),
    Route::delete(
        "/2015-03-31/event-source-mappings/{UUID}",
        "DeleteEventSourceMapping",
        202,
    ),
    Route::delete(
        "/2015-03-31/functions/{FunctionName}",
        "DeleteFunction",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")])
    .answer_status("StatusCode"),
    Route::delete(
        "/2017-10-31/functions/{FunctionName}/concurrency",
        "DeleteFunctionConcurrency",
        204,
    ),
    Route::delete(
        "/2019-09-25/functions/{FunctionName}/event-invoke-config",
        "DeleteFunctionEventInvokeConfig",
        204,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::delete(
        "/2021-10-31/functions/{FunctionName}/url",
        "DeleteFunctionUrlConfig",
        204,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::delete(
        "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
        "DeleteProvisionedConcurrencyConfig",
        204,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::get("/2016-08-19/account-settings", "GetAccountSettings", 200),
    Route::get(
        "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
        "GetAlias",
        200,
    ),
    Route::get(
        "/2015-03-31/event-source-mappings/{UUID}",
        "GetEventSourceMapping",
        200,
    ),
    Route::get("/2015-03-31/functions/{FunctionName}", "GetFunction", 200)
        .query(&[one("Qualifier", "Qualifier")]),
    Route::get(
        "/2019-09-30/functions/{FunctionName}/concurrency",
        "GetFunctionConcurrency",
        200,
    ),
    Route::get(
        "/2015-03-31/functions/{FunctionName}/configuration",
        "GetFunctionConfiguration",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::get(
        "/2019-09-25/functions/{FunctionName}/event-invoke-config",
        "GetFunctionEventInvokeConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::get(
        "/2024-08-31/functions/{FunctionName}/recursion-config",
        "GetFunctionRecursionConfig",
        200,
    ),
    Route::get(
        "/2021-10-31/functions/{FunctionName}/url",
        "GetFunctionUrlConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::get(
        "/2015-03-31/functions/{FunctionName}/policy",
        "GetPolicy",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::get(
        "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
        "GetProvisionedConcurrencyConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::get(
        "/2021-07-20/functions/{FunctionName}/runtime-management-config",
        "GetRuntimeManagementConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::post(
        "/2015-03-31/functions/{FunctionName}/invocations",
        "Invoke",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")])
    .headers(&[
        ("x-amz-invocation-type", "InvocationType"),
        ("x-amz-log-type", "LogType"),
        ("x-amz-client-context", "ClientContext"),
        ("x-amz-durable-execution-name", "DurableExecutionName"),
        ("x-amz-tenant-id", "TenantId"),
    ])
    .body("Payload")
    .answer_headers(&[
        ("x-amz-function-error", "FunctionError"),
        ("x-amz-log-result", "LogResult"),
        ("x-amz-executed-version", "ExecutedVersion"),
        ("x-amz-durable-execution-arn", "DurableExecutionArn"),
    ])
    .answer_body("Payload")
    .answer_status("StatusCode"),
    Route::get(
        "/2015-03-31/functions/{FunctionName}/aliases",
        "ListAliases",
        200,
    )
    .query(&[
        one("FunctionVersion", "FunctionVersion"),
        one("Marker", "Marker"),
        one("MaxItems", "MaxItems"),
    ]),
    Route::get(
        "/2015-03-31/event-source-mappings",
        "ListEventSourceMappings",
        200,
    )
    .query(&[
        one("EventSourceArn", "EventSourceArn"),
        one("FunctionName", "FunctionName"),
        one("Marker", "Marker"),
        one("MaxItems", "MaxItems"),
    ]),
    Route::get(
        "/2019-09-25/functions/{FunctionName}/event-invoke-config/list",
        "ListFunctionEventInvokeConfigs",
        200,
    )
    .query(&[one("Marker", "Marker"), one("MaxItems", "MaxItems")]),
    Route::get(
        "/2021-10-31/functions/{FunctionName}/urls",
        "ListFunctionUrlConfigs",
        200,
    )
    .query(&[one("Marker", "Marker"), one("MaxItems", "MaxItems")]),
    Route::get("/2015-03-31/functions", "ListFunctions", 200).query(&[
        one("MasterRegion", "MasterRegion"),
        one("FunctionVersion", "FunctionVersion"),
        one("Marker", "Marker"),
        one("MaxItems", "MaxItems"),
    ]),
    Route::get("/2017-03-31/tags/{Resource}", "ListTags", 200),
    Route::get(
        "/2015-03-31/functions/{FunctionName}/versions",
        "ListVersionsByFunction",
        200,
    )
    .query(&[one("Marker", "Marker"), one("MaxItems", "MaxItems")]),
    Route::post(
        "/2015-03-31/functions/{FunctionName}/versions",
        "PublishVersion",
        201,
    ),
    Route::put(
        "/2017-10-31/functions/{FunctionName}/concurrency",
        "PutFunctionConcurrency",
        200,
    ),
    Route::put(
        "/2019-09-25/functions/{FunctionName}/event-invoke-config",
        "PutFunctionEventInvokeConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::put(
        "/2024-08-31/functions/{FunctionName}/recursion-config",
        "PutFunctionRecursionConfig",
        200,
    ),
    Route::put(
        "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
        "PutProvisionedConcurrencyConfig",
        202,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::put(
        "/2021-07-20/functions/{FunctionName}/runtime-management-config",
        "PutRuntimeManagementConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::delete(
        "/2015-03-31/functions/{FunctionName}/policy/{StatementId}",
        "RemovePermission",
        204,
    )
    .query(&[
        one("Qualifier", "Qualifier"),
        one("RevisionId", "RevisionId"),
    ]),
    Route::post("/2017-03-31/tags/{Resource}", "TagResource", 204),
    Route::delete("/2017-03-31/tags/{Resource}", "UntagResource", 204)
        .query(&[many("tagKeys", "TagKeys")]),
    Route::put(
        "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
        "UpdateAlias",
        200,
    ),
    Route::put(
        "/2015-03-31/event-source-mappings/{UUID}",
        "UpdateEventSourceMapping",
        202,
    ),
    Route::put(
        "/2015-03-31/functions/{FunctionName}/code",
        "UpdateFunctionCode",
        200,
    ),
    Route::put(
        "/2015-03-31/functions/{FunctionName}/configuration",
        "UpdateFunctionConfiguration",
        200,
    ),
    Route::post(
        "/2019-09-25/functions/{FunctionName}/event-invoke-config",
        "UpdateFunctionEventInvokeConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
    Route::put(
        "/2021-10-31/functions/{FunctionName}/url",
        "UpdateFunctionUrlConfig",
        200,
    )
    .query(&[one("Qualifier", "Qualifier")]),
];
