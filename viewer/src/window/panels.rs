//! The cards over the picture: help, statistics, settings, and what happened last.

use super::bar;
use super::controls::Action;
use super::style::{ACCENT, BRIGHT, EDGE, QUIET, glass};
use crate::clock::SPEEDS;
use crate::{Clock, Statistics};
use egui::{Align2, Area, Grid, Id, Order, Rect, RichText, ScrollArea, Slider, Ui, vec2};

/// Least and most that the render scale may be.
pub(super) const SCALES: [f64; 2] = [0.25, 1.0];

/// Numbers of rounds to choose from.
const ROUNDS: [Option<u32>; 6] = [None, Some(1), Some(2), Some(3), Some(5), Some(10)];

/// What the keys and the hand do. In words: the font has no arrows.
const HELP: [(&str, &str); 15] = [
    ("drag, one finger", "look around"),
    ("right drag, two fingers", "move the picture"),
    ("wheel, pinch", "zoom"),
    ("double click, R", "back to the start"),
    ("space", "play or pause"),
    ("left, right", "a frame back, a frame on"),
    ("up, down", "play the other way"),
    ("[ and ]", "slower, faster"),
    ("Q", "speed, loops, quality"),
    ("I", "statistics"),
    ("S", "screenshot"),
    ("O, or drop a file", "open a scene"),
    ("F", "whole screen"),
    ("H", "this card"),
    ("Esc", "close: card, whole screen, window"),
];

/// Which cards are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panels {
    pub(super) help: bool,
    pub(super) figures: bool,
    pub(super) settings: bool,
}

/// What there is to show.
pub(super) struct Facts<'a> {
    pub(super) clock: &'a Clock,
    pub(super) is_fullscreen: bool,
    /// Part of the window's pixels that are drawn, along each side.
    pub(super) render_scale: f64,
    /// What happened last, for a while.
    pub(super) note: Option<&'a str>,
    /// While that card is open.
    pub(super) figures: Option<Figures>,
}

/// What the card of statistics shows.
pub(super) struct Figures {
    pub(super) adapter: String,
    pub(super) tiles: [usize; 2],
    pub(super) renderer: Statistics,
    /// Pixels that are drawn.
    pub(super) size: [u32; 2],
    /// GPU memory of scene and picture.
    pub(super) bytes: u64,
    pub(super) pictures_per_s: f64,
    pub(super) cpu_ms: f64,
    /// `None` where the adapter does not tell.
    pub(super) gpu_ms: Option<f64>,
}

/// Shows the bar as far as it has not faded, and the open cards; returns what they cover, and whether the timeline is held.
pub(super) fn show(
    context: &egui::Context,
    facts: &Facts<'_>,
    panels: &Panels,
    opacity: f32,
    actions: &mut Vec<Action>,
) -> (Vec<Rect>, bool) {
    let mut covered = Vec::new();
    let mut is_held = false;
    if opacity > 0.0 {
        let (rect, held) = bar::show(context, facts, panels, opacity, actions);
        covered.push(rect);
        is_held = held;
    }
    if let Some(found) = &facts.figures {
        covered.push(card(context, "figures", Align2::RIGHT_TOP, vec2(-EDGE, EDGE), |ui| figures(ui, found)));
    }
    if panels.settings {
        let place = vec2(-EDGE, -bar::HEIGHT);
        covered.push(card(context, "settings", Align2::RIGHT_BOTTOM, place, |ui| settings(ui, facts, actions)));
    }
    if panels.help {
        covered.push(card(context, "help", Align2::CENTER_CENTER, vec2(0.0, -0.4 * bar::HEIGHT), help));
    }
    if let Some(note) = facts.note {
        card(context, "note", Align2::LEFT_TOP, vec2(EDGE, EDGE), |ui| ui.label(note));
    }
    (covered, is_held)
}

fn card<R>(
    context: &egui::Context,
    name: &str,
    align: Align2,
    place: egui::Vec2,
    content: impl FnOnce(&mut Ui) -> R,
) -> Rect {
    let area = Area::new(Id::unique(name)).order(Order::Foreground).fade_in(false).anchor(align, place);
    let most = context.content_rect().size() - vec2(4.0 * EDGE, 4.0 * EDGE);
    let shown = area.show(context, |ui| {
        glass().show(ui, |ui| {
            ui.set_max_width(most.x);
            ScrollArea::vertical().max_height(most.y).show(ui, content);
        });
    });
    shown.response.rect
}

fn help(ui: &mut Ui) {
    Grid::new("keys").num_columns(2).spacing(vec2(18.0, 4.0)).show(ui, |ui| {
        for (key, meaning) in HELP {
            ui.label(RichText::new(key).color(ACCENT));
            ui.label(meaning);
            ui.end_row();
        }
    });
}

fn figures(ui: &mut Ui, figures: &Figures) {
    let Statistics { quads, frames_on_gpu, .. } = figures.renderer;
    let [static_tiles, looping_tiles] = figures.tiles;
    let [width, height] = figures.size;
    let megabytes = figures.bytes as f64 / 1e6;
    let per_s = figures.pictures_per_s;
    let per_s = if per_s < 10.0 { format!("{per_s:.1}") } else { format!("{per_s:.0}") };
    let gpu = figures.gpu_ms.map_or_else(|| "the adapter does not tell".to_owned(), |ms| format!("{ms:.2} ms"));
    let rows = [
        ("pictures", format!("{per_s} /s of {width}×{height}")),
        ("CPU", format!("{:.2} ms", figures.cpu_ms)),
        ("GPU", gpu),
        ("tiles", format!("{static_tiles} static, {looping_tiles} looping")),
        ("draw calls", format!("1 of {quads} quads, 1 to finish")),
        ("frames on the GPU", frames_on_gpu.to_string()),
        ("GPU memory", format!("{megabytes:.0} MB")),
    ];
    Grid::new("rows").num_columns(2).spacing(vec2(14.0, 3.0)).show(ui, |ui| {
        for (name, value) in rows {
            ui.label(RichText::new(name).color(QUIET));
            ui.label(RichText::new(value).monospace());
            ui.end_row();
        }
    });
    ui.label(RichText::new(&figures.adapter).small().color(QUIET));
}

fn settings(ui: &mut Ui, facts: &Facts<'_>, actions: &mut Vec<Action>) {
    Grid::new("settings").num_columns(2).spacing(vec2(12.0, 8.0)).show(ui, |ui| {
        let name = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).color(QUIET));
        name(ui, "speed");
        let mut speed = facts.clock.speed();
        let [slowest, fastest] = SPEEDS;
        ui.horizontal(|ui| {
            let slider = Slider::new(&mut speed, slowest..=fastest).logarithmic(true).show_value(false);
            if ui.add(slider).changed() {
                // Near 1 it snaps to 1.
                actions.push(Action::Speed(if (speed - 1.0).abs() < 0.06 { 1.0 } else { speed }));
            }
            ui.label(RichText::new(format!("{speed:.2}×")).monospace());
        });
        ui.end_row();
        name(ui, "stop after");
        ui.horizontal(|ui| {
            for rounds in ROUNDS {
                let text = rounds.map_or_else(|| "never".to_owned(), |rounds| format!("{rounds}×"));
                let is_chosen = facts.clock.last_round() == rounds;
                let text = RichText::new(text).color(if is_chosen { egui::Color32::BLACK } else { BRIGHT });
                if ui.selectable_label(is_chosen, text).clicked() {
                    actions.push(Action::Rounds(rounds));
                }
            }
        });
        ui.end_row();
        name(ui, "quality");
        let mut percent = facts.render_scale * 100.0;
        let [least, most] = SCALES.map(|scale| scale * 100.0);
        ui.horizontal(|ui| {
            if ui.add(Slider::new(&mut percent, least..=most).step_by(5.0).show_value(false)).changed() {
                actions.push(Action::RenderScale(percent / 100.0));
            }
            ui.label(RichText::new(format!("{percent:.0} %")).monospace());
        });
        ui.end_row();
    });
}
