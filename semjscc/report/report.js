"use strict";

/** Shows what a gallery holds for one point of its slider, and nothing else. */
function show(gallery, slider) {
  const at = slider.value;
  const snr = `${slider.dataset.snr.split(" ")[at]} dB`;
  slider.setAttribute("aria-valuetext", snr);
  gallery.querySelector("output").value = snr;
  for (const held of gallery.querySelectorAll(".held")) {
    held.hidden = !held.dataset.at.split(" ").includes(at);
  }
}

for (const gallery of document.querySelectorAll(".gallery")) {
  const slider = gallery.querySelector("input");
  slider.addEventListener("input", () => show(gallery, slider));
  gallery.querySelector(".slider").hidden = false;
  show(gallery, slider);
}
