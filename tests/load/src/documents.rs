//! The operations our own client sends, read from its sources.

use anyhow::Context;

const TODOS: &str = include_str!("../../../app/web/src/screens/texter/Todos.graphql");
const INITIAL_SEND: &str = include_str!("../../../app/web/src/screens/texter/InitialSend.graphql");
const CONVERSATIONS: &str =
    include_str!("../../../app/web/src/screens/texter/Conversations.graphql");
const STATISTICS: &str = include_str!("../../../app/web/src/screens/admin/CampaignStats.graphql");

/// The operation of that name, with the fragments of its file, in one line as the client sends it.
pub(crate) fn operation(name: &str) -> anyhow::Result<String> {
    let files = [TODOS, INITIAL_SEND, CONVERSATIONS, STATISTICS];
    let is_it = |part: &&str| {
        let head = part.split('(').next().unwrap_or_default();
        head == format!("query {name}") || head == format!("mutation {name}")
    };
    let (file, body) = files
        .iter()
        .find_map(|file| Some((file, file.split("\n\n").find(is_it)?)))
        .with_context(|| format!("the client has no operation {name}"))?;
    let fragments = file
        .split("\n\n")
        .filter(|part| part.starts_with("fragment ") && body.contains("..."));
    let words: Vec<&str> = std::iter::once(body)
        .chain(fragments)
        .flat_map(str::split_whitespace)
        .collect();
    Ok(words.join(" "))
}
