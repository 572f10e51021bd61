//! The twelve actions. Each file builds one kind of thing, its still parts and what moves, exactly periodic with the clip.

mod clouds;
mod discs;
mod fire;
mod flag;
mod fountain;
mod grass;
mod lights;
mod smoke;
mod swing;
mod tree;
mod waterfall;
mod waves;
mod windmill;

use super::moving::{Built, Plan};
use super::words::Thing;
pub(crate) use clouds::Drift;
pub(crate) use waves::{Sea, Swell};

/// Builds a thing. Waves and clouds have no parts of their own: they are the ground and the sky.
pub(crate) fn build(thing: Thing, plan: &mut Plan<'_>) -> Built {
    match thing {
        Thing::Fountain => fountain::build(plan),
        Thing::Waterfall => waterfall::build(plan),
        Thing::Torch => fire::torch(plan),
        Thing::Campfire => fire::campfire(plan),
        Thing::Chimney => smoke::build(plan),
        Thing::Grass => grass::build(plan),
        Thing::Tree => tree::build(plan),
        Thing::Flag => flag::build(plan),
        Thing::Lights => lights::build(plan),
        Thing::Pendulum => swing::pendulum(plan),
        Thing::Bell => swing::bell(plan),
        Thing::Ball => swing::ball(plan),
        Thing::Windmill => windmill::build(plan),
        Thing::Waves | Thing::Clouds => Built { clear: 0.5, ..Built::default() },
    }
}
