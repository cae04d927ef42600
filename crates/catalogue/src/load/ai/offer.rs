//! One model of a provider.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::super::quota;
use super::super::reader::Reader;
use crate::model::ai::{Abilities, Ability, Model, Price, Task};
use crate::model::{self, Quota};
use crate::written::Text;
use crate::written::ai::{self, Day, Server};

pub(super) fn read(
    id: &Text,
    written: &ai::Model,
    server: &Server,
    shared: &[Arc<Quota>],
    free: &[String],
    reader: &mut Reader<'_>,
) -> Model {
    check(id, written, reader);
    let tasks = written.tasks.clone().unwrap_or_else(|| vec![Task::Chat]);
    let chats = tasks.contains(&Task::Chat);
    let usual = if chats {
        server.abilities.as_deref()
    } else {
        Some(&[][..])
    };
    Model {
        id: id.get_ref().as_str().into(),
        names: written
            .names
            .iter()
            .map(|name| name.get_ref().as_str().into())
            .collect(),
        tasks,
        context: written.context,
        output: written.output,
        default_output: written.default_output,
        abilities: abilities(usual, &written.abilities, &written.lacks),
        price: written
            .price
            .as_ref()
            .and_then(|price| self::price(id, price, server, reader)),
        free: written
            .free
            .unwrap_or_else(|| !free.is_empty() && model::covers(free, id.get_ref())),
        strengths: written.strengths.clone(),
        quotas: quotas(id, &written.quota, shared, reader),
        retires: written
            .retires
            .as_ref()
            .and_then(|day| self::day(id, day, reader)),
    }
}

fn check(id: &Text, written: &ai::Model, reader: &mut Reader<'_>) {
    if id.get_ref().is_empty() || id.get_ref().contains(char::is_whitespace) {
        reader.wrong_in(id, "an id of a model has no spaces");
    }
    for name in &written.names {
        let wrong = |character: char| character.is_whitespace() || character == '/';
        if name.get_ref().is_empty() || name.get_ref().contains(wrong) {
            let message = format!(
                "`{}` is no plain name: it has no spaces, and no `/`, which parts a provider from its model",
                name.get_ref()
            );
            reader.wrong_at(name, message);
        }
    }
    if written.tasks.as_ref().is_some_and(Vec::is_empty) {
        reader.wrong_in(id, "`tasks` is empty; leave it out for chat");
    }
    if let (Some(context), Some(output)) = (written.context, written.output)
        && output > context
    {
        reader.wrong_in(
            id,
            format!("`output` ({output}) is more than `context` ({context}) holds"),
        );
    }
    if written.context == Some(0) || written.output == Some(0) {
        reader.wrong_in(
            id,
            "`context` and `output` are numbers of tokens, at least 1",
        );
    }
    for (strength, rank) in &written.strengths {
        if !(1..=100).contains(rank) {
            let message = format!(
                "strength `{}` = {rank}: write 1 (hardly) to 100 (the best there is)",
                strength.as_str()
            );
            reader.wrong_in(id, message);
        }
    }
}

/// What the provider's models understand, and what this one does besides, or does not. Nothing said is nothing known:
/// then all is tried.
pub(super) fn abilities(
    usual: Option<&[Ability]>,
    more: &[Ability],
    less: &[Ability],
) -> Abilities {
    let mut abilities = match usual {
        None if more.is_empty() => Abilities::ALL,
        _ => Abilities::default(),
    };
    for ability in usual.unwrap_or_default().iter().chain(more) {
        abilities.set(*ability, true);
    }
    for ability in less {
        abilities.set(*ability, false);
    }
    abilities
}

/// The provider's quotas that cover the model, then its own, each of which is another window.
fn quotas(
    id: &Text,
    own: &[crate::written::Quota],
    shared: &[Arc<Quota>],
    reader: &mut Reader<'_>,
) -> Vec<Arc<Quota>> {
    let covering = shared
        .iter()
        .filter(|quota| quota.covers(id.get_ref()))
        .cloned();
    let mut quotas: Vec<Arc<Quota>> = covering.collect();
    for written in own {
        if let Some(mut quota) = quota::read(written, reader) {
            quota.each_model = quota.group.is_none();
            quotas.push(Arc::new(quota));
        }
    }
    let mut seen = BTreeSet::new();
    for quota in &quotas {
        let budget = quota.budget("", Some(id.get_ref()), Some("key"));
        if !seen.insert((budget, quota.id())) {
            let message = format!(
                "two quotas count {} in one budget; give one of them a `group` or other models",
                quota.id()
            );
            reader.wrong_in(id, message);
        }
    }
    quotas
}

fn price(
    id: &Text,
    written: &ai::Price,
    server: &Server,
    reader: &mut Reader<'_>,
) -> Option<Price> {
    let parts = [
        Some(written.input),
        Some(written.output),
        written.cached_input,
        written.image,
        written.minute,
        written.characters,
        written.request,
    ];
    let mut parts = parts.into_iter().flatten();
    if !parts.all(|part| part.is_finite() && part >= 0.0) {
        reader.wrong_in(id, "a price is a number of US dollars, 0 or more");
        return None;
    }
    let Some(as_of) = written.as_of.as_ref().or(server.prices_as_of.as_ref()) else {
        reader.wrong_in(
            id,
            "a price needs `as_of`, or the file `prices_as_of`: the day on which it was read",
        );
        return None;
    };
    Some(Price {
        input: written.input,
        output: written.output,
        cached_input: written.cached_input,
        image: written.image,
        minute: written.minute,
        characters: written.characters,
        request: written.request,
        as_of: day(id, as_of, reader)?,
    })
}

fn day(id: &Text, written: &Day, reader: &mut Reader<'_>) -> Option<Date> {
    let text = written.get_ref().to_string();
    text.parse()
        .map_err(|_| reader.wrong_in(id, format!("`{text}` is no date: write 2026-11-22")))
        .ok()
}
