//! The table's definition, for engines that no template deploys to: local ones and tests.

use aws_sdk_dynamodb::{
    Client, Error,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
        TimeToLiveSpecification,
    },
};

use super::key::{ACTIVE_ROOMS, BY_USER};

/// Creates the table, its indexes and its expiry. A table that exists stays as it is.
///
/// # Errors
/// The engine refuses for another reason than that the table exists.
pub async fn create(client: &Client, table: &str) -> Result<(), Error> {
    let attribute = |name| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
    };
    let index = |name, hash| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(key_schema(hash, "pk")?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
    };
    let created = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk")?)
        .attribute_definitions(attribute("sk")?)
        .attribute_definitions(attribute("userKey")?)
        .attribute_definitions(attribute("roomsKey")?)
        .set_key_schema(Some(key_schema("pk", "sk")?))
        .global_secondary_indexes(index(BY_USER, "userKey")?)
        .global_secondary_indexes(index(ACTIVE_ROOMS, "roomsKey")?)
        .send()
        .await;
    match created.map_err(Error::from) {
        Ok(_) => {}
        Err(Error::ResourceInUseException(_)) => return Ok(()),
        Err(error) => return Err(error),
    }
    let expiry =
        TimeToLiveSpecification::builder().attribute_name("expiresAt").enabled(true).build()?;
    client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(expiry)
        .send()
        .await?;
    Ok(())
}

/// Switches the table's stream on, with the old and the new image of each changed item. A stream
/// that is on stays as it is.
///
/// # Errors
/// The engine refuses for another reason than that the stream is on.
pub async fn enable_stream(client: &Client, table: &str) -> Result<(), Error> {
    let described = client.describe_table().table_name(table).send().await?;
    let stream = described.table().and_then(|table| table.stream_specification());
    if stream.is_some_and(StreamSpecification::stream_enabled) {
        return Ok(());
    }
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()?;
    client.update_table().table_name(table).stream_specification(stream).send().await?;
    Ok(())
}

fn key_schema(
    hash: &str,
    range: &str,
) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    let element =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(hash, KeyType::Hash)?, element(range, KeyType::Range)?])
}
