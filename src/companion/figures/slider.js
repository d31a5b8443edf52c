// Redraws the curves of a slider figure when a slider moves. Everything but the curves was drawn
// before; the data stand in the figure as JSON. Runs once for each figure, wherever it is put.
(() => {
  const measured = (axis, value) => (axis.log ? Math.log10(value) : value);

  const pathOf = (data, values) => {
    const [left, top, width, height] = data.box;
    const place = (axis, value) => {
      const low = measured(axis, axis.low);
      return (measured(axis, value) - low) / (measured(axis, axis.high) - low);
    };
    let path = "", drawing = false;
    values.forEach((value, i) => {
      const x = left + width * place(data.x, data.points[i]);
      const y = top + height * (1 - place(data.y, value));
      if (value === null || !Number.isFinite(x) || !Number.isFinite(y)) { drawing = false; return; }
      path += `${drawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      drawing = true;
    });
    return path;
  };

  const bringToLife = (figure) => {
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const inputs = [...figure.querySelectorAll("input")];
    const draw = () => {
      inputs.forEach((input, k) => {
        const text = data.sliders[k].texts[input.value];
        input.setAttribute("aria-valuetext", text);
        input.parentElement.querySelector(".shown").textContent = text;
      });
      data.curves.forEach((curve, c) => {
        const values = inputs.reduce(
          (found, input, k) => (curve.along[k] ? found[input.value] : found), curve.values);
        figure.querySelector(`[data-curve='${c}']`).setAttribute("d", pathOf(data, values));
      });
    };
    inputs.forEach((input) => input.addEventListener("input", draw));
    figure.classList.add("alive");
    draw();
  };

  document.querySelectorAll(".slider-figure:not(.alive)").forEach(bringToLife);
})();
