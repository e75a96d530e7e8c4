//! Rendering: stage in, CloudFormation out, byte for byte the same every time.

pub mod dashboard;
pub mod eject;
pub(crate) mod mistake;
pub mod shift;
pub mod values;

use std::path::Path;

use handlebars::Handlebars;
use serde::Serialize;

use crate::failure::{Failure, codes};
use crate::repository::Repository;
use crate::stage::Stage;

/// CloudFormation takes this many bytes of template with a request; a larger one it reads from S3.
pub const WITH_REQUEST: usize = 51_200;

/// And this many at all.
const MOST_BYTES: usize = 1_048_576;

/// The stacks, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// VPC, subnets, security groups.
    Network,
    /// Database, cache, buckets, secrets.
    Data,
    /// Certificate and web ACL in us-east-1, for stages that want either.
    Edge,
    /// Functions and what is around them.
    App,
}

impl Kind {
    /// All of them, first to last; a stage has [those it needs](Stage::stacks).
    pub const ALL: [Self; 4] = [Self::Network, Self::Data, Self::Edge, Self::App];

    /// The template's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Data => "data",
            Self::Edge => "edge",
            Self::App => "app",
        }
    }

    /// The stack's name in a stage.
    #[must_use]
    pub fn stack(self, stage: &str) -> String {
        format!("spoke-{stage}-{}", self.name())
    }
}

/// Renders one template.
pub fn render(repository: &Repository, stage: &Stage, kind: Kind) -> Result<String, Failure> {
    let text = registry(&repository.path("templates"))
        .and_then(|registry| Ok(registry.render(kind.name(), &values::of(stage)?)?))
        .map_err(|error| mistake::of(kind, &error))?;
    if text.len() > MOST_BYTES {
        return Err(Failure::new(
            codes::TEMPLATE_SIZE,
            format!(
                "the {} template is too large for CloudFormation",
                kind.name()
            ),
        )
        .why(format!(
            "{} bytes rendered, {MOST_BYTES} allowed",
            text.len()
        )));
    }
    Ok(text)
}

/// Every template and partial of `folder`, strict: a value nobody gave is an error, not an empty string.
fn registry(folder: &Path) -> anyhow::Result<Handlebars<'static>> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(handlebars::no_escape);
    for kind in Kind::ALL {
        let path = folder.join(format!("{}.yaml.hbs", kind.name()));
        registry.register_template_file(kind.name(), &path)?;
    }
    for partial in [
        "alarm", "allow", "bucket", "function", "group", "notices", "queue", "scaler",
    ] {
        let path = folder.join(format!("partials/{partial}.yaml.hbs"));
        registry.register_template_file(partial, &path)?;
    }
    Ok(registry)
}
