//! How the overlay looks: light on dark glass, small, readable on any image.

use egui::{Color32, CornerRadius, FontFamily, FontId, Frame, Margin, Stroke, TextStyle};

/// Text and icons; what matters less; what is on.
pub(super) const BRIGHT: Color32 = Color32::from_gray(236);
pub(super) const QUIET: Color32 = Color32::from_gray(168);
pub(super) const ACCENT: Color32 = Color32::from_rgb(255, 180, 84);

/// Room between the overlay and the window's edge.
pub(super) const EDGE: f32 = 10.0;

/// Size of text.
pub(super) const TEXT: f32 = 12.5;

/// Gives a context the look.
pub(super) fn apply(context: &egui::Context) {
    context.all_styles_mut(|style| {
        let font = |size, family| FontId::new(size, family);
        style.text_styles = [
            (TextStyle::Body, font(TEXT, FontFamily::Proportional)),
            (TextStyle::Button, font(TEXT, FontFamily::Proportional)),
            (TextStyle::Small, font(10.5, FontFamily::Proportional)),
            (TextStyle::Heading, font(14.0, FontFamily::Proportional)),
            (TextStyle::Monospace, font(11.5, FontFamily::Monospace)),
        ]
        .into();
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.5;
        style.spacing.item_spacing = egui::vec2(6.0, 5.0);
        style.spacing.slider_width = 130.0;
        let visuals = &mut style.visuals;
        *visuals = egui::Visuals::dark();
        visuals.override_text_color = Some(BRIGHT);
        visuals.window_fill = Color32::from_rgba_unmultiplied(20, 21, 24, 235);
        visuals.window_stroke = Stroke::NONE;
        visuals.slider_trailing_fill = true;
        visuals.selection.bg_fill = ACCENT.gamma_multiply(0.75);
        visuals.selection.stroke = Stroke::new(1.0, Color32::BLACK);
        visuals.widgets.inactive.bg_fill = Color32::from_white_alpha(40);
        visuals.widgets.inactive.weak_bg_fill = Color32::TRANSPARENT;
        visuals.widgets.hovered.weak_bg_fill = Color32::from_white_alpha(28);
        visuals.widgets.hovered.bg_stroke = Stroke::NONE;
        visuals.widgets.active.bg_stroke = Stroke::NONE;
    });
}

/// The translucent background of bar and cards.
pub(super) fn glass() -> Frame {
    Frame::NONE
        .fill(Color32::from_rgba_unmultiplied(16, 17, 20, 200))
        .corner_radius(CornerRadius::same(9))
        .inner_margin(Margin::symmetric(10, 7))
}
