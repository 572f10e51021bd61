//! The cards over the image: help, statistics, settings, and the last message.

use super::bar;
use super::controls::Action;
use super::shown::{Facts, Figures, Panels, SCALES};
use super::style::{ACCENT, BRIGHT, EDGE, QUIET, glass};
use crate::Statistics;
use crate::clock::SPEEDS;
use egui::{Align2, Area, Grid, Id, Order, Rect, RichText, ScrollArea, Slider, Ui, vec2};

/// Numbers of rounds to choose from.
const ROUNDS: [Option<u32>; 6] = [None, Some(1), Some(2), Some(3), Some(5), Some(10)];

/// What keys and gestures do. Keys are spelled out, since the font has no arrows.
const HELP: [(&str, &str); 16] = [
    ("drag, one finger", "look around"),
    ("right drag, two fingers", "pan"),
    ("wheel, pinch", "zoom"),
    ("double click, R", "reset the camera"),
    ("space", "play or pause"),
    ("left, right", "previous frame, next frame"),
    ("up, down", "reverse playback"),
    ("[ and ]", "slower, faster"),
    ("Q", "speed, loops, quality, sway"),
    ("I", "statistics"),
    ("S", "screenshot"),
    ("O, or drop a file", "open a scene"),
    ("F", "full screen"),
    ("untouched for 4 s", "the camera sways, unless Q switches it off"),
    ("H", "this card"),
    ("Esc", "close the card, leave full screen, close the window"),
];

/// Shows the bar, unless it has faded away, and the open cards. Returns the rectangles that they cover, and whether the timeline is held.
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
    if let Some(invitation) = facts.invitation.filter(|_| !panels.help) {
        card(context, "invitation", Align2::CENTER_CENTER, vec2(0.0, 0.0), |ui| ui.heading(invitation));
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
    let fps = figures.fps;
    let fps = if fps < 10.0 { format!("{fps:.1}") } else { format!("{fps:.0}") };
    let gpu = figures.gpu_ms.map_or_else(|| "not reported by the adapter".to_owned(), |ms| format!("{ms:.2} ms"));
    let rows = [
        ("rendering", format!("{fps} fps at {width}×{height}")),
        ("CPU", format!("{:.2} ms", figures.cpu_ms)),
        ("GPU", gpu),
        ("tiles", format!("{static_tiles} static, {looping_tiles} looping")),
        ("draw calls", format!("1 for {quads} quads, 1 to resolve")),
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
        name(ui, "sway");
        let mut sways = facts.sways;
        if ui.checkbox(&mut sways, "while nobody touches it").changed() {
            actions.push(Action::Sway(sways));
        }
        ui.end_row();
    });
}
