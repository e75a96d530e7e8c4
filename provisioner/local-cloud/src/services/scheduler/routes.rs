//! EventBridge Scheduler's paths and methods.
//!
//! Source: the service model AWS publishes with its SDKs. What is listed here and not
//! implemented answers as an unknown operation.

use crate::protocol::rest_json::{Route, many, one};

/// Every path of the service that the gateway knows.
pub(crate) const ROUTES: &[Route] = &[
    Route::post("/schedules/{Name}", "CreateSchedule", 200),
    Route::post("/schedule-groups/{Name}", "CreateScheduleGroup", 200),
    Route::delete("/schedules/{Name}", "DeleteSchedule", 200).query(&[
        one("groupName", "GroupName"),
        one("clientToken", "ClientToken"),
    ]),
    Route::delete("/schedule-groups/{Name}", "DeleteScheduleGroup", 200)
        .query(&[one("clientToken", "ClientToken")]),
    Route::get("/schedules/{Name}", "GetSchedule", 200).query(&[one("groupName", "GroupName")]),
    Route::get("/schedule-groups/{Name}", "GetScheduleGroup", 200),
    Route::get("/schedule-groups", "ListScheduleGroups", 200).query(&[
        one("NamePrefix", "NamePrefix"),
        one("NextToken", "NextToken"),
        one("MaxResults", "MaxResults"),
    ]),
    Route::get("/schedules", "ListSchedules", 200).query(&[
        one("ScheduleGroup", "GroupName"),
        one("NamePrefix", "NamePrefix"),
        one("State", "State"),
        one("NextToken", "NextToken"),
        one("MaxResults", "MaxResults"),
    ]),
    Route::get("/tags/{ResourceArn}", "ListTagsForResource", 200),
    Route::post("/tags/{ResourceArn}", "TagResource", 200),
    Route::delete("/tags/{ResourceArn}", "UntagResource", 200).query(&[many("TagKeys", "TagKeys")]),
    Route::put("/schedules/{Name}", "UpdateSchedule", 200),
];
