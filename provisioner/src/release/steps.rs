//! The steps of a release, decided before the first one is taken.

use serde::Serialize;

use crate::template::Kind;

/// What there is before a release.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts, each independent of the others"
)]
pub struct Live {
    /// The data stack is there, and so are the buckets.
    pub has_buckets: bool,
    /// The app stack is there, and so are the functions.
    pub has_functions: bool,
    /// The stage wants an edge stack.
    pub wants_edge: bool,
    /// The stage has no `CodeDeploy`: its stacks are made, and nothing is released.
    pub makes_no_release: bool,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Step {
    /// A change set of a stack that may be there or not.
    Stack(Kind),
    /// The app stack for the first time, as release 0, which answers nothing yet.
    FirstApp,
    /// The hashed bundle beside the old ones, and the archive.
    Upload,
    /// A version of each function.
    Publish,
    /// Hooks, traffic, the other functions, the bundle.
    Shift,
    /// The record.
    Record,
}

impl Step {
    /// A verb the user can repeat on the phone.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Stack(Kind::Network) => "update the network",
            Self::Stack(Kind::Data) => "update the database, cache and buckets",
            Self::Stack(Kind::Edge) => "update certificate and web ACL",
            Self::Stack(Kind::App) => "prepare the functions",
            Self::FirstApp => "create the functions",
            Self::Upload => "upload bundle and functions",
            Self::Publish => "publish versions",
            Self::Shift => "shift the traffic",
            Self::Record => "record the release",
        }
    }
}

/// The steps from `live` to a new release, in order.
///
/// Where there are no buckets yet they come first; afterwards everything is uploaded before any
/// stack is touched, so that a stack never names what is not there.
#[must_use]
pub fn plan(live: Live) -> Vec<Step> {
    let mut foundation = vec![Step::Stack(Kind::Network), Step::Stack(Kind::Data)];
    if live.wants_edge {
        foundation.push(Step::Stack(Kind::Edge));
    }
    let mut steps = Vec::new();
    if live.has_buckets {
        steps.push(Step::Upload);
        steps.extend(foundation);
    } else {
        steps.extend(foundation);
        steps.push(Step::Upload);
    }
    if !live.has_functions {
        steps.push(Step::FirstApp);
    }
    if live.makes_no_release {
        if live.has_functions {
            steps.push(Step::Stack(Kind::App));
        }
        return steps;
    }
    steps.extend([
        Step::Stack(Kind::App),
        Step::Publish,
        Step::Shift,
        Step::Record,
    ]);
    steps
}

#[cfg(test)]
mod tests {
    use super::{Live, plan};

    fn told(live: Live) -> String {
        let sentences: Vec<_> = plan(live).into_iter().map(super::Step::sentence).collect();
        sentences.join("\n")
    }

    #[test]
    fn the_first_release_lays_the_foundation_first() {
        insta::assert_snapshot!(told(Live::default()), @r"
        update the network
        update the database, cache and buckets
        upload bundle and functions
        create the functions
        prepare the functions
        publish versions
        shift the traffic
        record the release
        ");
    }

    #[test]
    fn a_later_release_uploads_before_it_touches_a_stack() {
        let live = Live {
            has_buckets: true,
            has_functions: true,
            ..Live::default()
        };
        insta::assert_snapshot!(told(live), @r"
        upload bundle and functions
        update the network
        update the database, cache and buckets
        prepare the functions
        publish versions
        shift the traffic
        record the release
        ");
    }

    #[test]
    fn a_stage_with_a_domain_has_its_certificate_before_the_functions() {
        let live = Live {
            wants_edge: true,
            ..Live::default()
        };
        insta::assert_snapshot!(told(live), @r"
        update the network
        update the database, cache and buckets
        update certificate and web ACL
        upload bundle and functions
        create the functions
        prepare the functions
        publish versions
        shift the traffic
        record the release
        ");
    }

    #[test]
    fn a_first_release_that_stopped_half_way_goes_on_where_it_stopped() {
        let live = Live {
            has_buckets: true,
            ..Live::default()
        };
        insta::assert_snapshot!(told(live), @r"
        upload bundle and functions
        update the network
        update the database, cache and buckets
        create the functions
        prepare the functions
        publish versions
        shift the traffic
        record the release
        ");
    }

    #[test]
    fn a_stage_without_codedeploy_ends_with_its_stacks() {
        for (has_functions, last) in [
            (false, "create the functions"),
            (true, "prepare the functions"),
        ] {
            let live = Live {
                has_buckets: true,
                has_functions,
                makes_no_release: true,
                ..Live::default()
            };
            let told = told(live);
            assert_eq!(told.lines().last(), Some(last));
            assert_eq!(told.lines().count(), 4, "{told}");
        }
    }
}
