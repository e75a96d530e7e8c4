//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};

use super::{alarms, composite, dashboards, history, metrics, tags};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "PutMetricData" => metrics::put(cloud, input),
        "ListMetrics" => metrics::list(cloud, input),
        "GetMetricStatistics" => metrics::statistics(cloud, input),
        "GetMetricData" => metrics::data(cloud, input),
        "PutMetricAlarm" => alarms::put(cloud, input),
        "PutCompositeAlarm" => composite::put(cloud, input),
        "DescribeAlarms" => alarms::describe_all(cloud, input),
        "DescribeAlarmsForMetric" => alarms::describe_for_metric(cloud, input),
        "DescribeAlarmHistory" => history::describe(cloud, input),
        "SetAlarmState" => alarms::set_state(cloud, input),
        "EnableAlarmActions" => alarms::switch_actions(cloud, input, true),
        "DisableAlarmActions" => alarms::switch_actions(cloud, input, false),
        "DeleteAlarms" => alarms::delete(cloud, input),
        "PutDashboard" => dashboards::put(cloud, input),
        "GetDashboard" => dashboards::get(cloud, input),
        "ListDashboards" => dashboards::list(cloud, input),
        "DeleteDashboards" => dashboards::delete(cloud, input),
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            tags::call(cloud, operation, input)
        }
        _ => Err(AwsError::unknown_operation("cloudwatch", operation)),
    }
}
