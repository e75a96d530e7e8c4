//! Which route a request takes. Facts: "Create routes for HTTP APIs" of AWS's guide: the most
//! specific match wins, a greedy variable loses to everything but `$default`.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::model::Route;

pub(super) const DEFAULT: &str = "$default";

/// A route that fits, with the values of its path variables.
pub(super) struct Match<'a> {
    pub route: &'a Route,
    pub parameters: BTreeMap<String, String>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Greedy,
    Variable,
    Literal,
}

/// Segment by segment, then whether the method is named.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Fitness(Vec<Fit>, bool);

/// The route for a method and a path (as sent, without the stage).
pub(super) fn find<'a>(
    routes: impl Iterator<Item = &'a Route>,
    method: &str,
    path: &str,
) -> Option<Match<'a>> {
    let mut fallback = None;
    let mut best: Option<(Fitness, Match<'a>)> = None;
    for route in routes {
        if route.key == DEFAULT {
            fallback = Some(route);
            continue;
        }
        let Some((fit, parameters)) = fits(&route.key, method, path) else {
            continue;
        };
        if best.as_ref().is_none_or(|(other, _)| fit > *other) {
            best = Some((fit, Match { route, parameters }));
        }
    }
    best.map(|(_, found)| found).or_else(|| {
        fallback.map(|route| Match {
            route,
            parameters: BTreeMap::new(),
        })
    })
}

/// Whether a key is one AWS accepts.
pub(super) fn is_key(key: &str) -> bool {
    const METHODS: &[&str] = &[
        "ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS",
    ];
    if key == DEFAULT {
        return true;
    }
    let Some((method, path)) = key.split_once(' ') else {
        return false;
    };
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let segments: Vec<&str> = path.split('/').collect();
    let last = segments.len() - 1;
    METHODS.contains(&method)
        && segments.iter().enumerate().all(|(place, segment)| {
            let greedy = segment.ends_with("+}");
            let braces = segment.matches(['{', '}']).count();
            let variable = segment.starts_with('{') && segment.ends_with('}');
            (braces == 0 || (variable && braces == 2)) && (!greedy || place == last)
        })
}

/// How well a key fits, better ones being greater; and the variables.
fn fits(key: &str, method: &str, path: &str) -> Option<(Fitness, BTreeMap<String, String>)> {
    let (wanted, template) = key.split_once(' ')?;
    let exact = wanted == method;
    if !exact && wanted != "ANY" {
        return None;
    }
    let mut fit = Vec::new();
    let mut parameters = BTreeMap::new();
    let mut rest = path.strip_prefix('/')?.split('/');
    for segment in template.strip_prefix('/')?.split('/') {
        if let Some(name) = greedy(segment) {
            let tail: Vec<&str> = rest.by_ref().collect();
            let tail = tail.join("/");
            if tail.is_empty() {
                return None;
            }
            parameters.insert(name.to_owned(), decode(&tail));
            fit.push(Fit::Greedy);
            return Some((Fitness(fit, exact), parameters));
        }
        let given = rest.next()?;
        if let Some(name) = variable(segment) {
            if given.is_empty() {
                return None;
            }
            parameters.insert(name.to_owned(), decode(given));
            fit.push(Fit::Variable);
        } else if segment == given {
            fit.push(Fit::Literal);
        } else {
            return None;
        }
    }
    rest.next()
        .is_none()
        .then_some((Fitness(fit, exact), parameters))
}

fn greedy(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix("+}")
}

fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Route, find, is_key};

    fn route(key: &str) -> Route {
        Route {
            id: key.to_owned(),
            key: key.to_owned(),
            integration: None,
            operation_name: None,
        }
    }

    #[test]
    fn the_most_specific_route_wins() {
        let keys = [
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{id}",
            "ANY /pets/{id}",
            "GET /pets/dog/1",
            "GET /pets/{proxy+}",
            "POST /",
        ];
        let routes: Vec<Route> = keys.iter().map(|key| route(key)).collect();
        for (method, path, expected) in [
            ("GET", "/pets/dog/1", "GET /pets/dog/1"),
            ("GET", "/pets/dog", "GET /pets/{id}"),
            ("PUT", "/pets/dog", "ANY /pets/{id}"),
            ("GET", "/pets/dog/2", "GET /pets/{proxy+}"),
            ("PUT", "/pets/dog/2", "ANY /{proxy+}"),
            ("GET", "/other", "ANY /{proxy+}"),
            ("GET", "/", "$default"),
            ("POST", "/", "POST /"),
        ] {
            let found = find(routes.iter(), method, path).unwrap();
            assert_eq!(found.route.key, expected, "{method} {path}");
        }
    }

    #[test]
    fn without_a_default_an_unknown_path_has_no_route() {
        let routes = [route("GET /a"), route("GET /b/{proxy+}")];
        for (method, path) in [
            ("GET", "/"),
            ("POST", "/a"),
            ("GET", "/a/"),
            ("GET", "/b"),
            ("GET", "/b/"),
        ] {
            assert!(
                find(routes.iter(), method, path).is_none(),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn variables_are_decoded() {
        let routes = [route("GET /a/{x}/{rest+}")];
        let found = find(routes.iter(), "GET", "/a/b%20c/d/e%2Ff").unwrap();
        assert_eq!(found.parameters["x"], "b c");
        assert_eq!(found.parameters["rest"], "d/e/f");
    }

    #[test]
    fn keys_are_checked() {
        for key in ["$default", "GET /", "ANY /a/{b}/{c+}"] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "",
            "GET",
            "get /",
            "GET a",
            "GET /{a+}/b",
            "GET /x{a}",
            "FETCH /",
        ] {
            assert!(!is_key(key), "{key}");
        }
    }
}
