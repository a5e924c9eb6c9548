//! A month of unattended nights on twelve simulated servers, as a calendar: `cargo bench --bench month`.
//!
//! `tests/month` checks this calendar.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", reconcile_support::month::play()?.calendar);
    Ok(())
}
