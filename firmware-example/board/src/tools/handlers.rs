//! What each tool does.

use core::task::Poll;

use trine_descriptor::typed::Record;
use trine_descriptor::{Args, Decimal, ToolParams, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, NotNow, Tools};

use super::params::{
    CameraSnap, ClimateSet, ClimateState, DisplayShow, FanSet, FanState, LightSet, LightState,
    LineState, Mode, SensorRead, SensorState, TimerStart, TimerState, ValveClose, ValveOpen,
    ValveShut, ValveState, VentMove, VentState,
};
use super::{
    BOARD_STATUS, CALLS_MAX, CAMERA_SNAP, CLIMATE_SET, DISPLAY_SHOW, FAN_SET, LIGHT_SET,
    SENSOR_READ, TIMER_START, VALVE_CLOSE, VALVE_OPEN, VENT_MOVE, notice, status,
};
use crate::camera::{Picture, Scene};
use crate::fault::Fault;
use crate::greenhouse::{Greenhouse, TICK_MS_MAX, Ticket};
use crate::hardware::Hardware;
use crate::sim::SimHardware;

// How long the question before a valve opens stays on the display; as long as it can be answered.
const QUESTION_MS: u32 = 60_000;
// Pictures that can be on their way at a time.
const PICTURES_MAX: usize = 2;

// Levels of the log.
const INFO: u8 = 1;
const WARNING: u8 = 3;

const UNREADABLE: Answer = Answer::Failed("the arguments do not fit the tool's own types");
const VENT_TAKEN: &str = "a later vent_move sent the vent elsewhere; call vent_move again";

/// The greenhouse behind Trine's dispatcher.
#[derive(Debug)]
pub struct BoardTools<H: Hardware> {
    /// The controller, for what is not a tool.
    pub board: Greenhouse<H>,
    // Calls that wait for the vent or for a sensor, with the number of their tool.
    pending: [Option<(u16, CallId)>; CALLS_MAX as usize],
    pictures: [Option<(CallId, Picture)>; PICTURES_MAX],
    // Where the vent was when its last move began, and where it was told to be.
    vent_told: [u8; 2],
    // What the log is told when the link is there again.
    unlogged: Option<&'static str>,
}

// Everything but the dispatcher: controller, simulated hardware, calls and pictures under way.
const _: () = assert!(size_of::<BoardTools<SimHardware>>() <= 2_048);

impl<H: Hardware> BoardTools<H> {
    /// Binds a controller.
    pub const fn new(board: Greenhouse<H>) -> Self {
        Self {
            board,
            pending: [None; CALLS_MAX as usize],
            pictures: [const { None }; PICTURES_MAX],
            vent_told: [0; 2],
            unlogged: None,
        }
    }

    fn light_set(&mut self, p: &LightSet) -> Result<LightState, Fault> {
        let brightness = self.board.light_set(p.light.lamp(), p.on, p.brightness)?;
        Ok(LightState { light: p.light, on: p.on, brightness })
    }

    fn fan_set(&mut self, p: &FanSet) -> Result<FanState, Fault> {
        self.board.fan_set(p.percent)?;
        Ok(FanState { percent: p.percent })
    }

    fn climate_set(&mut self, p: &ClimateSet) -> Result<ClimateState, Fault> {
        match (p.mode, p.celsius) {
            (Mode::Heat, Some(Decimal(tenths))) => {
                self.board.climate_heat(i32::try_from(tenths).map_err(|_| Fault::OutOfRange)?)?;
                Ok(ClimateState { mode: Mode::Heat, celsius: p.celsius })
            }
            // The dispatcher has refused this already, because the descriptor requires a target.
            (Mode::Heat, None) => Err(Fault::OutOfRange),
            (Mode::Off, _) => {
                self.board.climate_off();
                Ok(ClimateState { mode: Mode::Off, celsius: None })
            }
        }
    }

    fn valve_open(&mut self, p: &ValveOpen) -> Result<ValveState, Fault> {
        self.board.prompt_end();
        self.board.valve_open(p.valve, p.seconds)?;
        Ok(ValveState { valve: p.valve, closes_in_s: p.seconds })
    }

    fn valve_close(&mut self, p: &ValveClose) -> Result<ValveShut, Fault> {
        self.board.valve_close(p.valve.valve())?;
        Ok(ValveShut { valve: p.valve })
    }

    fn timer_start(&mut self, p: &TimerStart<'_>) -> Result<TimerState, Fault> {
        let timer_id = self.board.timer_start(p.seconds, p.label)?;
        Ok(TimerState { timer_id, ends_in_s: p.seconds })
    }

    fn display_show(&mut self, p: &DisplayShow<'_>) -> Result<LineState, Fault> {
        self.board.display_show(p.line, p.text)?;
        Ok(LineState { line: p.line })
    }

    fn vent_move(&mut self, call: Call<'_>) -> Answer {
        let Some(p) = VentMove::read(&call.args) else { return UNREADABLE };
        let Some(place) = self.pending.iter_mut().find(|place| place.is_none()) else {
            return Answer::Failed("too many calls are waiting; try again when one has ended");
        };
        if let Err(fault) = self.board.vent_move(p.degrees) {
            return Answer::Failed(fault.text());
        }
        keep(call.block, &[p.degrees]);
        let from = self.board.vent_degrees();
        self.vent_told = [from, from];
        *place = Some((VENT_MOVE, call.id));
        Answer::Pending
    }

    fn sensor_read(&mut self, call: Call<'_>) -> Answer {
        let Some(p) = SensorRead::read(&call.args) else { return UNREADABLE };
        let Some(place) = self.pending.iter_mut().find(|place| place.is_none()) else {
            return Answer::Failed("too many calls are waiting; try again when one has ended");
        };
        keep(call.block, &self.board.sensor_start(p.sensor).to_bytes());
        *place = Some((SENSOR_READ, call.id));
        Answer::Pending
    }

    fn camera_snap(&mut self, call: &Call<'_>) -> Answer {
        let Some(p) = CameraSnap::read(&call.args) else { return UNREADABLE };
        let Some(place) = self.pictures.iter_mut().find(|place| place.is_none()) else {
            return Answer::Failed("the camera is still sending pictures; try again in a second");
        };
        let picture = Picture::new(Scene::of(&self.board), p.size);
        let len = picture.len();
        *place = Some((call.id, picture));
        Answer::Content { mime: "image/png", len }
    }

    // Tells how far the vent has come, degree by degree. What finds no room is told with the next.
    fn vent_progress(&mut self, id: CallId, calls: &mut Calls<'_, '_>) {
        let (at, [from, told]) = (self.board.vent_degrees(), self.vent_told);
        let far = |degrees: u8| u32::from(degrees.abs_diff(from));
        let (done, total) = (far(at), far(self.board.vent_target()));
        if at != told && calls.progress(id, (done, total), "degrees moved").is_ok() {
            self.vent_told = [from, at];
        }
    }

    // Brings what a tool has opened to rest: no water flows on nobody's behalf.
    fn make_safe(&mut self, now: u64) {
        self.board.tick(now);
        // A valve that refuses is told again when its time is over.
        let _ = self.board.valve_close(None);
    }

    // Answers a pending call if it can be answered; tells whether it still waits.
    fn still_pending(&mut self, tool: u16, id: CallId, calls: &mut Calls<'_, '_>) -> bool {
        let mut kept = [0; Ticket::BYTES];
        match calls.block(id) {
            Some(block) => keep(&mut kept, block),
            None => return false,
        }
        let answered = match (tool, kept) {
            (VENT_MOVE, [degrees, ..]) => {
                if self.board.vent_target() != degrees {
                    calls.fail(id, VENT_TAKEN)
                } else if self.board.vent_at_rest() {
                    calls.complete(id, |out| VentState { degrees }.write_fields(0, out))
                } else {
                    self.vent_progress(id, calls);
                    return true;
                }
            }
            (SENSOR_READ, bytes) => {
                let Some(ticket) = Ticket::from_bytes(bytes) else { return false };
                match self.board.sensor_poll(ticket) {
                    Poll::Pending => return true,
                    Poll::Ready(Ok(reading)) => calls.complete(id, |out| {
                        let value = Decimal(i64::from(reading.tenths));
                        SensorState { value, unit: reading.unit }.write_fields(0, out);
                    }),
                    Poll::Ready(Err(fault)) => calls.fail(id, fault.text()),
                }
            }
            _ => return false,
        };
        // Without room to send, the call waits for the next tick.
        answered == Err(NotNow)
    }
}

impl<H: Hardware> Tools for BoardTools<H> {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        self.board.tick(call.now);
        self.board.enter();
        let args = &call.args;
        match call.tool {
            LIGHT_SET => done(args, out, |p| self.light_set(p)),
            FAN_SET => done(args, out, |p| self.fan_set(p)),
            CLIMATE_SET => done(args, out, |p| self.climate_set(p)),
            VALVE_OPEN => done(args, out, |p| self.valve_open(p)),
            VALVE_CLOSE => done(args, out, |p| self.valve_close(p)),
            VENT_MOVE => self.vent_move(call),
            SENSOR_READ => self.sensor_read(call),
            TIMER_START => done(args, out, |p| self.timer_start(p)),
            DISPLAY_SHOW => done(args, out, |p| self.display_show(p)),
            BOARD_STATUS => {
                status::write(&self.board, out);
                Answer::Done
            }
            CAMERA_SNAP => self.camera_snap(&call),
            _ => Answer::Failed("the board has no such tool"),
        }
    }

    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        self.board.tick(now);
        // What is asked is on the display, or a press agrees to nothing.
        if !self.board.is_prompting() {
            calls.hidden();
        } else if !calls.shown() {
            self.board.prompt_end();
        }
        for index in 0..self.pending.len() {
            let Some(Some((tool, id))) = self.pending.get(index).copied() else { continue };
            let waits = self.still_pending(tool, id, calls);
            if let Some(place) = self.pending.get_mut(index).filter(|_| !waits) {
                *place = None;
            }
        }
        while let Some(timer) = self.board.ended() {
            let text = notice::timer_ended(&timer);
            if calls.event(TIMER_START, &text).is_err() {
                break;
            }
            // The log may miss it, the event may not.
            let _ = calls.log(INFO, &text);
            self.board.drop_ended();
        }
        if let Some(text) = self.unlogged.filter(|_| calls.is_linked())
            && calls.log(WARNING, text).is_ok()
        {
            self.unlogged = None;
        }
        now.saturating_add(TICK_MS_MAX)
    }

    fn read(&mut self, _tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        let mine =
            |place: &&mut Option<(CallId, Picture)>| matches!(place, Some((of, _)) if *of == id);
        let Some(place) = self.pictures.iter_mut().find(mine) else { return 0 };
        let Some((_, picture)) = place else { return 0 };
        let count = picture.read(offset, out);
        let end = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(offset);
        if end >= picture.len() {
            *place = None;
        }
        count
    }

    fn stop(&mut self, _tool: u16, id: CallId) {
        for place in &mut self.pending {
            *place = place.filter(|(_, of)| *of != id);
        }
        for place in &mut self.pictures {
            if matches!(place, Some((of, _)) if *of == id) {
                *place = None;
            }
        }
    }

    fn reset(&mut self, now: u64) {
        self.make_safe(now);
    }

    fn link_lost(&mut self, now: u64) {
        self.make_safe(now);
        self.unlogged = Some("the link was lost: the valves were closed");
    }

    fn asks(&mut self, tool: u16, args: Args<'_>) {
        if tool == VALVE_OPEN {
            self.board.prompt(&notice::valve_question(&args), QUESTION_MS);
        }
    }
}

// Reads a tool's parameters, does it and writes its result, or says why not.
fn done<'a, P: ToolParams<'a>, R: Record>(
    args: &Args<'a>,
    out: &mut ValueWriter<'_>,
    tool: impl FnOnce(&P) -> Result<R, Fault>,
) -> Answer {
    let Some(params) = P::read(args) else { return UNREADABLE };
    match tool(&params) {
        Ok(result) => {
            result.write_fields(0, out);
            Answer::Done
        }
        Err(fault) => Answer::Failed(fault.text()),
    }
}

// Keeps what a pending call waits for in the bytes that it owns.
fn keep(place: &mut [u8], state: &[u8]) {
    for (place, byte) in place.iter_mut().zip(state) {
        *place = *byte;
    }
}
