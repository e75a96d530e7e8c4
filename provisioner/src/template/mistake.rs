//! A template with a mistake in it, told by its place.

use handlebars::{RenderError, RenderErrorReason, TemplateError, TemplateErrorReason};

use super::Kind;
use crate::failure::{Failure, codes};

/// A template that does not render.
pub(super) fn of(kind: Kind, error: &anyhow::Error) -> Failure {
    let why = if let Some(error) = error.downcast_ref::<TemplateError>() {
        let name = error.name().map_or(kind.name(), String::as_str);
        format!("{}: {}", place(name, error.pos()), parsing(error.reason()))
    } else if let Some(error) = error.downcast_ref::<RenderError>() {
        let name = error.template_name.as_deref().unwrap_or(kind.name());
        let at = error.line_no.zip(error.column_no);
        format!("{}: {}", place(name, at), rendering(error.reason()))
    } else {
        format!("{error:#}")
    };
    told(kind, "does not render", why)
}

/// One that renders to something that is no YAML.
pub(crate) fn no_yaml(kind: Kind, error: &anyhow::Error) -> Failure {
    let why = format!("{}, in what it renders to", error.root_cause());
    told(kind, "renders to no YAML", why)
}

fn told(kind: Kind, what: &str, why: String) -> Failure {
    Failure::new(
        codes::RENDER,
        format!("templates/{}.yaml.hbs {what}", kind.name()),
    )
    .why(why)
    .state("nothing was touched")
    .next("git diff templates")
}

/// `templates/network.yaml.hbs:3:12`.
fn place(name: &str, at: Option<(usize, usize)>) -> String {
    let is_stack = Kind::ALL.iter().any(|kind| kind.name() == name);
    let folder = if is_stack { "" } else { "partials/" };
    let at = at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
    format!("templates/{folder}{name}.yaml.hbs{at}")
}

fn parsing(reason: &TemplateErrorReason) -> String {
    // What could stand there is a list of the parser's rules; where it is says enough.
    if let TemplateErrorReason::InvalidSyntax(_) = reason {
        return "no Handlebars from here on; is a block or a tag before it not closed?".to_owned();
    }
    reason.to_string()
}

fn rendering(reason: &RenderErrorReason) -> String {
    if let RenderErrorReason::MissingVariable(Some(name)) = reason {
        return format!("nothing is called {name}");
    }
    if let RenderErrorReason::PartialNotFound(name) = reason {
        return format!("there is no partial {name}");
    }
    reason.to_string()
}
