//! How long the GPU works on a frame, by its own clock.

use crate::Gpu;
use std::sync::mpsc::{self, Receiver, TryRecvError};

/// Two timestamps of 64 bits.
const BYTES: u64 = 16;

/// Measures a frame now and then: the next one once the last answer has arrived, so that nothing ever waits.
pub(super) struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    readback: wgpu::Buffer,
    arrival: Option<Receiver<bool>>,
    ns_per_tick: f64,
    ms: Option<f64>,
}

impl Timer {
    /// `None` where the GPU has no timestamps.
    pub(super) fn new(gpu: &Gpu) -> Option<Self> {
        let device = &gpu.device;
        if !device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return None;
        }
        let buffer = |usage| {
            let usage = wgpu::BufferUsages::COPY_DST | usage;
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("times"),
                size: BYTES,
                usage,
                mapped_at_creation: false,
            })
        };
        Some(Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("times"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC),
            readback: buffer(wgpu::BufferUsages::MAP_READ),
            arrival: None,
            ns_per_tick: f64::from(gpu.queue.get_timestamp_period()),
            ms: None,
        })
    }

    /// Milliseconds of the last frame that was measured.
    pub(super) fn ms(&self) -> Option<f64> {
        self.ms
    }

    /// The timestamp writes of the first and the last pass, if this frame is to be measured.
    pub(super) fn passes(&self) -> Option<[wgpu::RenderPassTimestampWrites<'_>; 2]> {
        let notes = |first, last| wgpu::RenderPassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: first,
            end_of_pass_write_index: last,
        };
        self.arrival.is_none().then(|| [notes(Some(0), None), notes(None, Some(1))])
    }

    /// To be called after the passes of a measured frame.
    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.resolve_query_set(&self.queries, 0..2, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.readback, 0, BYTES);
    }

    /// To be called once the commands of a measured frame were submitted.
    pub(super) fn request(&mut self) {
        let (send, receive) = mpsc::channel();
        self.readback.map_async(wgpu::MapMode::Read, .., move |result| {
            // Nothing receives it once the window is closed.
            send.send(result.is_ok()).ok();
        });
        self.arrival = Some(receive);
    }

    /// Takes an answer that has arrived.
    pub(super) fn poll(&mut self, gpu: &Gpu) {
        let Some(arrival) = &self.arrival else { return };
        // A device that fails is reported by the code that draws.
        gpu.device.poll(wgpu::PollType::Poll).ok();
        match arrival.try_recv() {
            Err(TryRecvError::Empty) => return,
            Ok(true) => {
                if let Ok(mapped) = self.readback.get_mapped_range(..) {
                    let mut ticks =
                        mapped.chunks_exact(8).map(|b| b.iter().rev().fold(0, |t, b| t << 8 | u64::from(*b)));
                    if let (Some(begin), Some(end)) = (ticks.next(), ticks.next()) {
                        self.ms = Some(end.saturating_sub(begin) as f64 * self.ns_per_tick * 1e-6);
                    }
                }
                self.readback.unmap();
            }
            Ok(false) | Err(TryRecvError::Disconnected) => {}
        }
        self.arrival = None;
    }
}
