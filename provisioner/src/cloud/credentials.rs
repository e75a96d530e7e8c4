//! Why AWS does not know us, and how to change that.

use aws_credential_types::provider::error::CredentialsError;

use crate::context::flag;
use crate::failure::{Failure, codes};
use crate::stage::Stage;

/// AWS could not be asked, or did not say, who we are.
pub(super) fn failure(stage: &Stage, error: &anyhow::Error) -> Failure {
    let words = format!("{error:#}");
    let is_missing = error.chain().any(|cause| {
        matches!(
            cause.downcast_ref::<CredentialsError>(),
            Some(CredentialsError::CredentialsNotLoaded(_))
        )
    });
    let failure = if is_missing {
        Failure::new(codes::NO_CREDENTIALS, "no AWS credentials were found")
            .why("neither the environment nor a profile nor a role of this machine has any")
    } else if words.to_lowercase().contains("expired") {
        Failure::new(
            codes::CREDENTIALS_EXPIRED,
            "the AWS credentials have expired",
        )
        .why(words)
    } else {
        let what = format!("nobody could say who we are in stage {}", stage.name);
        Failure::new(codes::NO_IDENTITY, what).why(words)
    };
    // Who we are is known; only AWS has no time to say so.
    if failure.is_throttled() {
        return failure.advised().untouched();
    }
    let profile = format!("<a profile of {}>", stage.account);
    failure
        .state("nothing was read and nothing was touched")
        .next(format!("aws sso login --profile {profile}"))
        .next(format!(
            "AWS_PROFILE={profile} spokectl status{}",
            flag(&stage.name)
        ))
        .next("aws sts get-caller-identity")
}
