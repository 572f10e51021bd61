//! The bar at the lower edge: the timeline, and the buttons for everything that is needed often.

use super::controls::Action;
use super::icons::{BUTTON, Icon, button};
use super::shown::{Facts, Panels};
use super::style::{ACCENT, BRIGHT, EDGE, QUIET, glass};
use crate::Clock;
use egui::{Align, Area, Color32, CornerRadius, Id, Label, Layout, Order, Rect, RichText, Sense, Ui, pos2, vec2};

/// Widest bar; a wide window has it in the middle.
const WIDEST: f32 = 860.0;

/// Where it is narrower, time, frame and speed are left out.
const ROOM_FOR_WORDS: f32 = 400.0;

/// Height of the area that grabs the timeline.
const TIMELINE: f32 = 16.0;

/// Height of the whole bar with its distance to the lower edge.
pub(super) const HEIGHT: f32 = TIMELINE + BUTTON + 36.0;

/// Shows the bar. Returns the rectangle that it covers, and whether the timeline is held.
pub(super) fn show(
    context: &egui::Context,
    facts: &Facts<'_>,
    panels: &Panels,
    opacity: f32,
    actions: &mut Vec<Action>,
) -> (Rect, bool) {
    let screen = context.content_rect();
    let width = (screen.width() - 2.0 * EDGE).min(WIDEST);
    let area = Area::new(Id::unique("bar"))
        .order(Order::Middle)
        .fade_in(false)
        .anchor(egui::Align2::CENTER_BOTTOM, vec2(0.0, -EDGE))
        .show(context, |ui| {
            ui.set_opacity(opacity);
            let inside = glass().show(ui, |ui| {
                ui.set_width(width - 20.0);
                let is_held = timeline(ui, facts.clock, actions);
                buttons(ui, facts, panels, actions);
                is_held
            });
            inside.inner
        });
    (area.response.rect, area.inner)
}

/// The line from the loop's start to its end; returns whether it is held.
fn timeline(ui: &mut Ui, clock: &Clock, actions: &mut Vec<Action>) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), TIMELINE), Sense::click_and_drag());
    let part = (clock.time() / clock.frames()) as f32;
    let is_held = response.is_pointer_button_down_on();
    let is_lively = response.hovered() || is_held;
    let thick = if is_lively { 2.5 } else { 1.5 };
    let line =
        Rect::from_min_max(pos2(rect.left(), rect.center().y - thick), pos2(rect.right(), rect.center().y + thick));
    let x = rect.left() + part * rect.width();
    let done = Rect::from_min_max(line.min, pos2(x, line.max.y));
    let painter = ui.painter();
    painter.rect_filled(line, CornerRadius::same(2), Color32::from_white_alpha(56));
    painter.rect_filled(done, CornerRadius::same(2), ACCENT);
    painter.circle_filled(pos2(x, rect.center().y), if is_lively { 6.0 } else { 4.5 }, BRIGHT);
    let at = |pointer: egui::Pos2| f64::from(((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0));
    if is_held && let Some(pointer) = response.interact_pointer_pos() {
        // The end of the loop is its start.
        actions.push(Action::Seek((at(pointer) * clock.frames()).min(clock.frames() - 0.01)));
    }
    if let Some(pointer) = response.hover_pos() {
        let frame = at(pointer) * clock.frames();
        response.on_hover_text_at_pointer(format!("{:.2} s · frame {frame:.0}", frame / clock.fps()));
    }
    is_held
}

fn buttons(ui: &mut Ui, facts: &Facts<'_>, panels: &Panels, actions: &mut Vec<Action>) {
    let clock = facts.clock;
    let has_room = ui.available_width() > ROOM_FOR_WORDS;
    let mut press = |ui: &mut Ui, icon, is_on, tooltip: &str, action: Action| {
        if button(ui, icon, is_on, tooltip).clicked() {
            actions.push(action);
        }
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let (icon, tooltip) =
            if clock.is_playing() { (Icon::Pause, "Pause (space)") } else { (Icon::Play, "Play (space)") };
        press(ui, icon, false, tooltip, Action::PlayOrPause);
        press(ui, Icon::Backwards, clock.is_reverse(), "Reverse playback (up or down)", Action::Reverse);
        if has_room {
            ui.add_space(6.0);
            let [now, end] = [clock.time(), clock.frames()].map(|frames| frames / clock.fps());
            ui.add(Label::new(RichText::new(format!("{now:.2} / {end:.2} s")).monospace()));
            ui.add_space(6.0);
            let words = format!("frame {:.0} of {:.0}", clock.time().floor(), clock.frames());
            ui.add(Label::new(RichText::new(words).color(QUIET)));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            press(ui, Icon::Help, panels.help, "Help (H)", Action::Help);
            press(ui, Icon::Fullscreen, facts.is_fullscreen, "Full screen (F)", Action::Fullscreen);
            press(ui, Icon::Folder, false, "Open a scene (O)", Action::Open);
            press(ui, Icon::Camera, false, "Screenshot (S)", Action::Screenshot);
            press(ui, Icon::Figures, panels.figures, "Statistics (I)", Action::Figures);
            press(ui, Icon::Settings, panels.settings, "Speed, loops, quality (Q)", Action::Settings);
            if has_room {
                let color = if clock.speed() == 1.0 { QUIET } else { ACCENT };
                ui.add(Label::new(
                    RichText::new(format!("{}{:.2}×", sign(clock), clock.speed())).monospace().color(color),
                ));
            }
        });
    });
}

fn sign(clock: &Clock) -> &'static str {
    if clock.is_reverse() { "−" } else { "" }
}
