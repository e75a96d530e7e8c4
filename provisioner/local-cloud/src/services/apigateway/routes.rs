//! API Gateway's paths and methods, version 2. Members are called as on the wire (`apiId`).
//!
//! Source: the service model AWS publishes with its SDKs. What is listed here and not
//! implemented answers as an unknown operation.

use crate::protocol::rest_json::{Route, many, one};

/// Every path of the service that the gateway knows.
pub(crate) const ROUTES: &[Route] = &[
    Route::post("/v2/apis", "CreateApi", 201),
    Route::post("/v2/apis/{apiId}/authorizers", "CreateAuthorizer", 201),
    Route::post("/v2/apis/{apiId}/deployments", "CreateDeployment", 201),
    Route::post("/v2/apis/{apiId}/integrations", "CreateIntegration", 201),
    Route::post("/v2/apis/{apiId}/routes", "CreateRoute", 201),
    Route::post("/v2/apis/{apiId}/stages", "CreateStage", 201),
    Route::delete(
        "/v2/apis/{apiId}/stages/{stageName}/accesslogsettings",
        "DeleteAccessLogSettings",
        204,
    ),
    Route::delete("/v2/apis/{apiId}", "DeleteApi", 204),
    Route::delete(
        "/v2/apis/{apiId}/authorizers/{authorizerId}",
        "DeleteAuthorizer",
        204,
    ),
    Route::delete("/v2/apis/{apiId}/cors", "DeleteCorsConfiguration", 204),
    Route::delete(
        "/v2/apis/{apiId}/deployments/{deploymentId}",
        "DeleteDeployment",
        204,
    ),
    Route::delete(
        "/v2/apis/{apiId}/integrations/{integrationId}",
        "DeleteIntegration",
        204,
    ),
    Route::delete("/v2/apis/{apiId}/routes/{routeId}", "DeleteRoute", 204),
    Route::delete(
        "/v2/apis/{apiId}/routes/{routeId}/requestparameters/{requestParameterKey}",
        "DeleteRouteRequestParameter",
        204,
    ),
    Route::delete(
        "/v2/apis/{apiId}/stages/{stageName}/routesettings/{routeKey}",
        "DeleteRouteSettings",
        204,
    ),
    Route::delete("/v2/apis/{apiId}/stages/{stageName}", "DeleteStage", 204),
    Route::get("/v2/apis/{apiId}", "GetApi", 200),
    Route::get("/v2/apis", "GetApis", 200).query(&[
        one("maxResults", "maxResults"),
        one("nextToken", "nextToken"),
    ]),
    Route::get(
        "/v2/apis/{apiId}/authorizers/{authorizerId}",
        "GetAuthorizer",
        200,
    ),
    Route::get("/v2/apis/{apiId}/authorizers", "GetAuthorizers", 200).query(&[
        one("maxResults", "maxResults"),
        one("nextToken", "nextToken"),
    ]),
    Route::get(
        "/v2/apis/{apiId}/deployments/{deploymentId}",
        "GetDeployment",
        200,
    ),
    Route::get("/v2/apis/{apiId}/deployments", "GetDeployments", 200).query(&[
        one("maxResults", "maxResults"),
        one("nextToken", "nextToken"),
    ]),
    Route::get(
        "/v2/apis/{apiId}/integrations/{integrationId}",
        "GetIntegration",
        200,
    ),
    Route::get("/v2/apis/{apiId}/integrations", "GetIntegrations", 200).query(&[
        one("maxResults", "maxResults"),
        one("nextToken", "nextToken"),
    ]),
    Route::get("/v2/apis/{apiId}/routes/{routeId}", "GetRoute", 200),
    Route::get("/v2/apis/{apiId}/routes", "GetRoutes", 200).query(&[
        one("maxResults", "maxResults"),
        one("nextToken", "nextToken"),
    ]),
    Route::get("/v2/apis/{apiId}/stages/{stageName}", "GetStage", 200),
    Route::get("/v2/apis/{apiId}/stages", "GetStages", 200).query(&[
        one("maxResults", "maxResults"),
        one("nextToken", "nextToken"),
    ]),
    Route::get("/v2/tags/{resourceArn}", "GetTags", 200),
    Route::put("/v2/apis", "ImportApi", 201).query(&[
        one("basepath", "basepath"),
        one("failOnWarnings", "failOnWarnings"),
    ]),
    Route::put("/v2/apis/{apiId}", "ReimportApi", 201).query(&[
        one("basepath", "basepath"),
        one("failOnWarnings", "failOnWarnings"),
    ]),
    Route::delete(
        "/v2/apis/{apiId}/stages/{stageName}/cache/authorizers",
        "ResetAuthorizersCache",
        204,
    ),
    Route::post("/v2/tags/{resourceArn}", "TagResource", 201),
    Route::delete("/v2/tags/{resourceArn}", "UntagResource", 204)
        .query(&[many("tagKeys", "tagKeys")]),
    Route::patch("/v2/apis/{apiId}", "UpdateApi", 200),
    Route::patch(
        "/v2/apis/{apiId}/authorizers/{authorizerId}",
        "UpdateAuthorizer",
        200,
    ),
    Route::patch(
        "/v2/apis/{apiId}/deployments/{deploymentId}",
        "UpdateDeployment",
        200,
    ),
    Route::patch(
        "/v2/apis/{apiId}/integrations/{integrationId}",
        "UpdateIntegration",
        200,
    ),
    Route::patch("/v2/apis/{apiId}/routes/{routeId}", "UpdateRoute", 200),
    Route::patch("/v2/apis/{apiId}/stages/{stageName}", "UpdateStage", 200),
];
