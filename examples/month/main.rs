//! A month of unattended nights on twelve simulated servers in three time zones: `cargo run --release --example month`.
//!
//! Every server runs `apply` once an hour, at a minute that is drawn from a seed. The month contains the end of summer time
//! in Berlin and in New York. `tests/month` holds what is printed to what it must be.

mod fleet;
#[expect(dead_code, reason = "the test reads what the calendar does not show")]
mod nights;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", nights::play()?.calendar);
    Ok(())
}
