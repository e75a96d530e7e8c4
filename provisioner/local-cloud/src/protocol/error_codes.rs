//! Services that moved from the query protocol to JSON or CBOR kept their old error codes
//! beside the new names ("`awsQueryCompatible`" in AWS's model): the name goes into the body, the
//! old code into the header `x-amzn-query-error`, and clients show the old one.

/// (service, name in the model, code of the query protocol)
const CODES: &[(&str, &str, &str)] = &[
    (
        "sqs",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    ),
    ("sqs", "QueueNameExists", "QueueAlreadyExists"),
    (
        "sqs",
        "QueueDeletedRecently",
        "AWS.SimpleQueueService.QueueDeletedRecently",
    ),
    (
        "sqs",
        "MessageNotInflight",
        "AWS.SimpleQueueService.MessageNotInflight",
    ),
    (
        "sqs",
        "EmptyBatchRequest",
        "AWS.SimpleQueueService.EmptyBatchRequest",
    ),
    (
        "sqs",
        "TooManyEntriesInBatchRequest",
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    ),
    (
        "sqs",
        "BatchEntryIdsNotDistinct",
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    ),
    (
        "sqs",
        "BatchRequestTooLong",
        "AWS.SimpleQueueService.BatchRequestTooLong",
    ),
    (
        "sqs",
        "InvalidBatchEntryId",
        "AWS.SimpleQueueService.InvalidBatchEntryId",
    ),
    (
        "sqs",
        "PurgeQueueInProgress",
        "AWS.SimpleQueueService.PurgeQueueInProgress",
    ),
    (
        "sqs",
        "UnsupportedOperation",
        "AWS.SimpleQueueService.UnsupportedOperation",
    ),
    ("cloudwatch", "ResourceNotFound", "ResourceNotFound"),
    ("cloudwatch", "DashboardNotFoundError", "ResourceNotFound"),
    (
        "cloudwatch",
        "DashboardInvalidInputError",
        "InvalidParameterInput",
    ),
    (
        "cloudwatch",
        "InvalidParameterValueException",
        "InvalidParameterValue",
    ),
    (
        "cloudwatch",
        "InvalidParameterCombinationException",
        "InvalidParameterCombination",
    ),
    (
        "cloudwatch",
        "MissingRequiredParameterException",
        "MissingParameter",
    ),
    ("cloudwatch", "LimitExceededFault", "LimitExceeded"),
    ("cloudwatch", "InvalidFormatFault", "InvalidFormat"),
    ("cloudwatch", "InternalServiceFault", "InternalServiceError"),
];

/// The name of an error in the model and its query code. Services may use either.
pub(crate) fn both<'a>(service: &str, code: &'a str) -> (&'a str, &'a str) {
    let of_service = || CODES.iter().filter(|(owner, ..)| *owner == service);
    of_service()
        .find(|(_, name, _)| *name == code)
        .or_else(|| of_service().find(|(_, _, query)| *query == code))
        .map_or((code, code), |(_, name, query)| (*name, *query))
}

/// Whether the service answers with both.
pub(crate) fn has_query_codes(service: &str) -> bool {
    matches!(service, "sqs" | "cloudwatch")
}

#[cfg(test)]
mod tests {
    use super::both;

    #[test]
    fn either_code_finds_the_pair() {
        let pair = (
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
        );
        assert_eq!(both("sqs", pair.0), pair);
        assert_eq!(both("sqs", pair.1), pair);
        assert_eq!(both("ssm", "ParameterNotFound").1, "ParameterNotFound");
    }
}
