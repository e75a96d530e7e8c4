//! The GraphQL API, code first: `app/schema.graphql` is what it says of itself.

pub mod context;
pub mod documents;
pub mod loaders;
pub mod mutations;
pub mod queries;
pub mod types;

use std::sync::Arc;

use async_graphql::{EmptySubscription, Schema};

use crate::app::App;

/// The whole API.
pub type Api = Schema<queries::Query, mutations::Mutation, EmptySubscription>;

/// Deeper queries are refused: no screen needs them.
const MAX_DEPTH: usize = 16;
const MAX_COMPLEXITY: usize = 3000;

/// The API over the application.
pub fn api(app: Arc<App>) -> Api {
    builder()
        .data(app)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .finish()
}

/// The schema in its own language.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(
        async_graphql::SDLExportOptions::new()
            .sorted_fields()
            .sorted_enum_items(),
    )
}

fn builder() -> async_graphql::SchemaBuilder<queries::Query, mutations::Mutation, EmptySubscription>
{
    Schema::build(
        queries::Query::default(),
        mutations::Mutation::default(),
        EmptySubscription,
    )
}
