//! Icons, drawn as lines and triangles: sharp at any size, without a font.

use super::style::{ACCENT, BRIGHT, QUIET};
use egui::{
    Color32, CornerRadius, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

/// Side of a button.
pub(super) const BUTTON: f32 = 24.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    Play,
    Pause,
    Backwards,
    Settings,
    Figures,
    Camera,
    Folder,
    Fullscreen,
    Help,
}

/// A button with an icon; `is_on` highlights it.
pub(super) fn button(ui: &mut Ui, icon: Icon, is_on: bool, tooltip: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(BUTTON), Sense::click());
    let color = match (is_on, response.hovered()) {
        (true, _) => ACCENT,
        (false, true) => Color32::WHITE,
        (false, false) => BRIGHT.lerp_to_gamma(QUIET, 0.3),
    };
    if response.hovered() {
        ui.painter().rect_filled(rect, CornerRadius::same(6), Color32::from_white_alpha(26));
    }
    icon.paint(ui.painter(), rect.center(), color);
    response.on_hover_text(tooltip)
}

impl Icon {
    /// Paints it 14 points high.
    fn paint(self, painter: &Painter, center: Pos2, color: Color32) {
        let at = |x: f32, y: f32| center + vec2(x, y);
        let line = Stroke::new(1.5, color);
        let triangle = |tip: f32| {
            let points = vec![at(-0.5 * tip, -6.0), at(tip, 0.0), at(-0.5 * tip, 6.0)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        };
        let block = |left: f32, top: f32, right: f32, bottom: f32| {
            painter.rect_filled(Rect::from_min_max(at(left, top), at(right, bottom)), CornerRadius::same(1), color);
        };
        let path = |points: &[(f32, f32)]| {
            painter.add(Shape::line(points.iter().map(|&(x, y)| at(x, y)).collect(), line));
        };
        match self {
            Self::Play => triangle(7.0),
            Self::Pause => {
                block(-5.0, -6.0, -1.5, 6.0);
                block(1.5, -6.0, 5.0, 6.0);
            }
            Self::Backwards => {
                triangle(-6.0);
                block(4.0, -6.0, 6.0, 6.0);
            }
            Self::Settings => {
                for (y, knob) in [(-4.5, 3.0), (0.0, -3.0), (4.5, 1.0)] {
                    painter.hline(center.x - 6.5..=center.x + 6.5, center.y + y, line);
                    painter.circle_filled(at(knob, y), 2.4, color);
                }
            }
            Self::Figures => {
                for (x, top) in [(-6.0, 1.0), (-1.5, -6.0), (3.0, -2.5)] {
                    block(x, top, x + 3.0, 6.0);
                }
            }
            Self::Camera => {
                let body = Rect::from_min_max(at(-7.0, -4.0), at(7.0, 6.0));
                painter.rect_stroke(body, CornerRadius::same(2), line, StrokeKind::Middle);
                painter.circle_stroke(at(0.0, 1.0), 2.7, line);
                block(-2.5, -6.5, 2.5, -4.0);
            }
            Self::Folder => {
                path(&[(-7.0, 5.5), (-7.0, -5.0), (-2.0, -5.0), (-0.5, -3.0), (7.0, -3.0), (7.0, 5.5), (-7.5, 5.5)]);
            }
            Self::Fullscreen => {
                for (x, y) in [(-6.0, -6.0), (6.0, -6.0), (6.0, 6.0), (-6.0, 6.0)] {
                    path(&[(x, y * 0.35), (x, y), (x * 0.35, y)]);
                }
            }
            Self::Help => {
                let font = egui::FontId::proportional(15.0);
                let place = pos2(center.x, center.y);
                painter.text(place, egui::Align2::CENTER_CENTER, "?", font, color);
            }
        }
    }
}
